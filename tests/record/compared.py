"""Pictures that were compared with works of two artists, by whom and when a test wants."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ledger.match.attribution import attribute, verdict
from ledger.match.lists import Relation
from ledger.record.parts import AttributionText, MatchText, ModelRef, ShareText
from ledger.record.predicates import Generation, Period, Verification
from ledger.record.usage import UsageStatement, UsageTally
from tests.record.samples import GENERATION, TIME, key_record, match_text, sha, uid, verification

ADA, BEN = uid(301), uid(302)
MODELS = (ModelRef(model_id=uid(71), weights_sha256=sha("one")), ModelRef(model_id=uid(72), weights_sha256=sha("two")))


Near = tuple[str, Relation, str, str]
"""Whose work, relation, p-value, score."""


def matches(*near: Near) -> tuple[MatchText, ...]:
    """By rank. The work of rank n is 200 + n."""
    return tuple(
        match_text(rank, relation, p_value=p_value, score=score).model_copy(update={"artist_id": artist})
        for rank, (artist, relation, p_value, score) in enumerate(near, 1)
    )


def verified(number: int, near: Sequence[Near], at: str = TIME) -> Verification:
    """With the verdict and the shares that follow. Alpha is 0.0100."""
    found, alpha = matches(*near), Decimal("0.0100")
    concluded = attribute(found, alpha)
    shares = (ShareText(artists=each.artists, group=each.group, share=f"{each.share:f}") for each in concluded.shares)
    changed = {
        "record_id": uid(number),
        "generated_at": at,
        "refs": (),
        "attribution": AttributionText(
            alpha="0.0100", shares=tuple(shares), unattributed=f"{concluded.unattributed:f}"
        ),
    }
    said = verdict([(each.relation, Decimal(each.p_value)) for each in found], alpha)
    return verification(found, said).model_copy(update=changed)


def made(number: int, near: Sequence[Near], at: str = TIME, **how: Any) -> Generation:
    """A picture by the first of MODELS, handed out, unless `how` says otherwise."""
    compared = verified(number, near, at)
    shared = {name: getattr(compared, name) for name in Verification.model_fields}
    how = {"guard": "allow", "model": MODELS[0]} | how
    if how.get("origin_of_image") == "reported":
        how["policy"] = None
    else:
        how["image"] = GENERATION.image
    return GENERATION.model_copy(update=shared | how)


COPY = Relation.NEAR_DUPLICATE
STYLE = Relation.SIMILAR_STYLE
NEAREST = Relation.NEAREST
JANUARY = ("2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z")
RECORDS = (
    verified(501, [(BEN, COPY, "0.0010", "0.600000"), (ADA, STYLE, "0.0090", "0.010000")]),
    made(
        502,
        [
            (ADA, COPY, "0.0010", "0.900000"),
            (ADA, COPY, "0.0020", "0.900000"),
            (BEN, NEAREST, "0.4000", "0.010000"),
        ],
    ),
    made(503, [(ADA, COPY, "0.0010", "0.950000")], guard="block"),
    made(504, [(ADA, COPY, "0.0010", "0.900000")], origin_of_image="reported"),
    made(505, [(ADA, COPY, "0.0100", "0.125000")], model=MODELS[1]),
    verified(506, [(BEN, COPY, "0.0010", "0.700000"), (ADA, NEAREST, "0.0101", "0.010000")]),
    verified(507, [(BEN, COPY, "0.0010", "0.700000")]),
    verified(508, [(ADA, COPY, "0.0010", "1.000000")], at=JANUARY[1]),
    made(509, [(ADA, COPY, "0.0010", "0.005000")], at=JANUARY[0]),
)
"""Of January, and one of February: nine records, six of which count for Ada in January."""
ADAS_JANUARY = [
    (1, None, None, None, STYLE, "0"),
    (1, uid(71), "reported", "allow", COPY, "0.900000"),
    (2, uid(71), "service", "allow", COPY, "0.905000"),
    (1, uid(71), "service", "block", COPY, "0.950000"),
    (1, uid(72), "service", "allow", COPY, "0.125000"),
]
"""Count, generator, origin, guard, relation, share."""


def january_of(artist: str) -> UsageStatement:
    """The statement over ten leaves: a key's and RECORDS."""
    tally = UsageTally(artist, Period(end=JANUARY[1], start=JANUARY[0]))
    for record in (key_record(), *RECORDS):
        tally.add(record)
    return tally.statement("localhost/artledger/test", 1 + len(RECORDS))
