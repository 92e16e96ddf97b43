"""A decision in plain words: each finding with what it means and the record that it rests on, then the limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ledger.claim.case import ClaimFinding
from ledger.claim.registry import CLAIM_TYPES
from ledger.claim.rules import ClaimRules
from ledger.record.claim_values import ClaimType


@dataclass(frozen=True, slots=True)
class ClaimReason:
    """One finding, for people."""

    finding: str
    text: str
    record_id: str
    leaf_hash: str
    measured: bool
    """Found by comparing pictures; records alone do not show it."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


OUTCOME_MARKS: Mapping[str, str] = {"supported": "✓", "contradicted": "✕", "inconclusive": "○"}
"""A shape beside each outcome's word, so that they differ without colour."""
CONTESTED = frozenset(
    {"contested-earlier", "contested-later", "copy-of-anothers", "registered-by-another", "shows-anothers"}
)


def reasons(findings: Iterable[ClaimFinding], rules: ClaimRules) -> tuple[ClaimReason, ...]:
    """In the order given. A code that these rules do not define is told by itself."""
    told = []
    for finding in findings:
        meaning = rules.findings.get(finding.code)
        text = f"({finding.code})" if meaning is None else meaning.text
        measured = meaning is not None and meaning.measured
        told.append(ClaimReason(finding.code, text, finding.record_id, finding.leaf_hash, measured))
    return tuple(told)


def is_contested(findings: Iterable[ClaimFinding]) -> bool:
    """Whether another artist registered the same."""
    return any(finding.code in CONTESTED for finding in findings)


def claim_meaning(claim_type: ClaimType) -> str:
    """What such a claim says, in words that follow the claimant's name."""
    return CLAIM_TYPES[claim_type].meaning


def limits(claim_type: ClaimType, rules: ClaimRules) -> tuple[str, ...]:
    """What no verdict on such a claim can say."""
    return rules.limits[claim_type]
