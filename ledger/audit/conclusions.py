"""Checks that relations, verdict and shares follow from the matches of the same record, by FORMAT.md's rules.

It applies the service's own functions (`ledger.match.attribution`) to the record's written values. Nothing is rounded
twice, so the results must be equal.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Never

from ledger.errors import VerificationError
from ledger.image.shape import is_extreme, is_tiny
from ledger.match.attribution import attribute, unproven_relation, verdict, verified_relation
from ledger.match.lists import FUSED_SCORE, STYLE_SCORE, Relation, Verdict
from ledger.record.parts import AttributionText, ImageFacts, MatchText, ShareText
from ledger.record.predicates import Generation, Verification


def require_conclusions(record: Verification | Generation) -> str:
    """Returns a summary. Raises VerificationError (`wrong-conclusion`) that says what was expected and found."""
    for match in record.matches:
        _require_relation(record, match)
    _require_verdict(record)
    _require_shares(record)
    return (
        f"{len(record.matches)} relations, the verdict {record.verdict.value!r} and {len(record.attribution.shares)} "
        "shares follow from the matches"
    )


def stated_relation(record: Verification | Generation, match: MatchText) -> Relation:
    """The relation that the match's own figures give (FORMAT.md, Closed lists)."""
    if match.work_sha256 == record.image.sha256:
        return Relation.EXACT
    if match.work_pixel_sha256 == record.image.pixel_sha256:
        return Relation.SAME_PIXELS
    if match.evidence is not None:
        return verified_relation([Decimal(match.evidence.query_cover), Decimal(match.evidence.work_cover)])
    if STYLE_SCORE in match.raw:
        return Relation.SIMILAR_STYLE
    return unproven_relation(Decimal(match.p_value), Decimal(record.attribution.alpha))


def _require_relation(record: Verification | Generation, match: MatchText) -> None:
    expected = stated_relation(record, match)
    if match.relation is not expected:
        _refuse(
            f"match {match.rank}: its figures mean {expected.value!r}, but the record says {match.relation.value!r}"
        )
    proven = expected in (Relation.EXACT, Relation.SAME_PIXELS)
    if proven and match.evidence is not None:
        _refuse(f"match {match.rank}: equal digests need no evidence, the record has some")
    about_style = expected is Relation.SIMILAR_STYLE
    if (STYLE_SCORE in match.raw, FUSED_SCORE in match.raw) != (about_style, not about_style):
        _refuse(f"match {match.rank}: {expected.value!r} is measured by other figures than {sorted(match.raw)}")
    if about_style and Decimal(match.p_value) > Decimal(record.attribution.alpha):
        _refuse(f"match {match.rank}: p {match.p_value} is above alpha, too much for {expected.value!r}")


def _require_verdict(record: Verification | Generation) -> None:
    alpha = Decimal(record.attribution.alpha)
    comparable = record.verdict is not Verdict.NOT_COMPARABLE and not _too_little(record.image)
    relations = [(match.relation, Decimal(match.p_value)) for match in record.matches]
    expected = verdict(relations, alpha, comparable=comparable)
    if record.verdict is not expected:
        _refuse(f"the matches at p <= {alpha} mean {expected.value!r}, the record says {record.verdict.value!r}")
    if not comparable and any(relation is not Relation.EXACT for relation, _ in relations):
        _refuse("a picture that cannot be compared matches only equal bytes, but the record has other matches")


def _require_shares(record: Verification | Generation) -> None:
    concluded = attribute(record.matches, Decimal(record.attribution.alpha))
    expected = AttributionText(
        alpha=record.attribution.alpha,
        shares=tuple(
            ShareText(artists=each.artists, group=each.group, share=f"{each.share:f}") for each in concluded.shares
        ),
        unattributed=f"{concluded.unattributed:f}",
    )
    if record.attribution != expected:
        _refuse(f"the matches give {_in_words(expected)}, the record says {_in_words(record.attribution)}")


def _too_little(image: ImageFacts) -> bool:
    """Whether the picture is too small. A record does not show whether it is blank."""
    return is_tiny(image.width, image.height) or is_extreme(image.width, image.height)


def _in_words(attribution: AttributionText) -> str:
    shares = ", ".join(f"{'+'.join(each.artists)} {each.share}" for each in attribution.shares)
    return f"shares {shares or 'of nobody'}, unattributed {attribution.unattributed}"


def _refuse(message: str) -> Never:
    raise VerificationError(message[:1000], code="wrong-conclusion")
