"""Whether a comparison's verdict and shares follow from the matches in the same record, by FORMAT.md's rules."""

from __future__ import annotations

from decimal import Decimal

from ledger.errors import VerificationError
from ledger.match.lists import COPY_RELATIONS, Verdict
from ledger.record.predicates import Generation, Verification

SHARE_TOLERANCE = Decimal("0.0001")
"""Shares are rounded one by one."""


def require_conclusions(record: Verification | Generation) -> str:
    """Returns what was established. Raises VerificationError (`wrong-conclusion`) with what was expected and found."""
    expected = stated_verdict(record)
    # A picture that cannot be compared may still be a registered file: saying `not-comparable` must not hide that.
    allowed = (expected, Verdict.NOT_COMPARABLE) if expected is Verdict.NONE else (expected,)
    if record.verdict not in allowed:
        raise VerificationError(
            f"the matches at p <= {record.attribution.alpha} mean {expected.value!r}, the record says "
            f"{record.verdict.value!r}",
            code="wrong-conclusion",
        )
    _require_shares(record)
    return f"verdict {record.verdict.value!r} and {len(record.attribution.shares)} shares follow from the matches"


def stated_verdict(record: Verification | Generation) -> Verdict:
    """FORMAT.md, Closed lists: what the matches mean at the record's alpha, for a picture that can be compared."""
    alpha = Decimal(record.attribution.alpha)
    relations = {match.relation for match in record.matches if Decimal(match.p_value) <= alpha}
    if relations & COPY_RELATIONS:
        return Verdict.COPY
    return Verdict.STYLE if relations else Verdict.NONE


def _require_shares(record: Verification | Generation) -> None:
    """Shares and the unattributed rest make up the whole, and go to artists of matches at p <= alpha alone."""
    attribution = record.attribution
    alpha = Decimal(attribution.alpha)
    near = {match.artist_id for match in record.matches if Decimal(match.p_value) <= alpha}
    strangers = [share.artist_id for share in attribution.shares if share.artist_id not in near]
    if strangers:
        raise VerificationError(
            f"artist {strangers[0]} has a share but no match at p <= {attribution.alpha}", code="wrong-conclusion"
        )
    total = sum((Decimal(share.share) for share in attribution.shares), Decimal(attribution.unattributed))
    if abs(total - 1) > SHARE_TOLERANCE:
        raise VerificationError(f"the shares and the unattributed rest sum to {total}, not 1", code="wrong-conclusion")
