"""From evidence to a verdict: findings are made from the records, then the published rules are applied to them.

A pure function of the case: the service decides by it, and an auditor with the same records comes to the same verdict.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.claim.case import Case, ClaimFinding, Judgement
from ledger.claim.registry import CLAIM_TYPES
from ledger.claim.rules import ClaimRules
from ledger.match.lists import Verdict


def decide(case: Case, rules: ClaimRules) -> Judgement:
    """The verdict that follows from the case, with every finding that it rests on or that bears on it.

    Raises VerificationError (`other-rules`) when these rules do not judge claims of that type.
    """
    findings = tuple(sorted(set(_findings(case, rules))))
    rule = rules.rule_for(case.claim.claim_type, {finding.code for finding in findings})
    return Judgement(rule.verdict, rule.id, rule.because, findings)


def _findings(case: Case, rules: ClaimRules) -> Iterator[ClaimFinding]:
    yield from (each for each in case.measured if each.code in rules.measured)
    picture = case.verification
    if case.picture is not None and picture is not None and picture.verdict is Verdict.NOT_COMPARABLE:
        yield ClaimFinding.of("not-comparable", case.picture.ref)
    yield from CLAIM_TYPES[case.claim.claim_type].findings(case, rules.measures)
