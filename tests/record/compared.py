"""Pictures that were compared with works of two artists, by whom and when a test wants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger.match.lists import Relation, Verdict
from ledger.record.parts import AttributionText, MatchText, ModelRef, ShareText
from ledger.record.predicates import Generation, Period, Verification
from ledger.record.usage import UsageStatement, UsageTally
from tests.record.samples import GENERATION, TIME, key_record, match_text, sha, uid, verification

ADA, BEN = uid(301), uid(302)
MODELS = (ModelRef(model_id=uid(71), weights_sha256=sha("one")), ModelRef(model_id=uid(72), weights_sha256=sha("two")))


def matches(*near: tuple[str, Relation, str]) -> tuple[MatchText, ...]:
    """By rank: whose work, relation, p-value. The work of rank n is 200 + n."""
    return tuple(
        match_text(rank, relation, p_value=p_value).model_copy(update={"artist_id": artist})
        for rank, (artist, relation, p_value) in enumerate(near, 1)
    )


def verified(
    number: int, near: Sequence[tuple[str, Relation, str]], shares: dict[str, str], at: str = TIME
) -> Verification:
    """Alpha is 0.0100."""
    changed = {
        "record_id": uid(number),
        "generated_at": at,
        "refs": (),
        "attribution": AttributionText(
            alpha="0.0100",
            shares=tuple(ShareText(artists=(artist,), group=None, share=share) for artist, share in shares.items()),
            unattributed="0.5",
        ),
    }
    return verification(matches(*near), Verdict.COPY if shares else Verdict.NONE).model_copy(update=changed)


def made(
    number: int, near: Sequence[tuple[str, Relation, str]], shares: dict[str, str], at: str = TIME, **how: Any
) -> Generation:
    """A picture by the first of MODELS, handed out, unless `how` says otherwise."""
    compared = verified(number, near, shares, at)
    shared = {name: getattr(compared, name) for name in Verification.model_fields}
    how = {"guard": "allow", "model": MODELS[0]} | how
    if how.get("origin_of_image") == "reported":
        how["policy"] = None
    return GENERATION.model_copy(update=shared | how)


COPY = Relation.NEAR_DUPLICATE
STYLE = Relation.SIMILAR_STYLE
JANUARY = ("2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z")
RECORDS = (
    verified(501, [(BEN, COPY, "0.0010"), (ADA, STYLE, "0.0090")], {BEN: "0.600000", ADA: "0.300000"}),
    made(502, [(ADA, COPY, "0.0010"), (ADA, COPY, "0.0020"), (BEN, STYLE, "0.4000")], {ADA: "0.990000"}),
    made(503, [(ADA, COPY, "0.0010")], {ADA: "0.95"}, guard="block"),
    made(504, [(ADA, COPY, "0.0010")], {ADA: "0.9"}, origin_of_image="reported"),
    made(505, [(ADA, COPY, "0.0100")], {ADA: "0.125"}, model=MODELS[1]),
    verified(506, [(BEN, COPY, "0.0010"), (ADA, STYLE, "0.0101")], {BEN: "0.700000"}),
    verified(507, [(BEN, COPY, "0.0010")], {BEN: "0.7"}),
    verified(508, [(ADA, COPY, "0.0010")], {ADA: "1"}, at=JANUARY[1]),
    made(509, [(ADA, COPY, "0.0010")], {ADA: "0.005"}, at=JANUARY[0]),
)
"""Of January, and one of February: nine records, six of which count for Ada in January."""
ADAS_JANUARY = [
    (1, None, None, None, STYLE, "0.300000"),
    (1, uid(71), "reported", "allow", COPY, "0.9"),
    (2, uid(71), "service", "allow", COPY, "0.995000"),
    (1, uid(71), "service", "block", COPY, "0.95"),
    (1, uid(72), "service", "allow", COPY, "0.125"),
]
"""Count, generator, origin, guard, relation, share."""


def january_of(artist: str) -> UsageStatement:
    """The statement over ten leaves: a key's and RECORDS."""
    tally = UsageTally(artist, Period(end=JANUARY[1], start=JANUARY[0]))
    for record in (key_record(), *RECORDS):
        tally.add(record)
    return tally.statement("localhost/artledger/test", 1 + len(RECORDS))
