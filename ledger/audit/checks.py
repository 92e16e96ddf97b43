"""What an audit yields: named checks, each passed, failed or not checked with the reason, then a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ledger.errors import LedgerError, PushbackError, VerificationError


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not-checked"


class AuditVerdict(StrEnum):
    VERIFIED = "verified"
    REFUTED = "refuted"
    UNDECIDED = "could-not-be-checked"


EXIT_CODES = {AuditVerdict.VERIFIED: 0, AuditVerdict.REFUTED: 1, AuditVerdict.UNDECIDED: 4}
"""FORMAT.md, Closed lists: exit code."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    outcome: Outcome
    detail: str
    """For people: what was established, what is wrong, or why nothing was checked."""
    essential: bool = True
    """Whether the audit has no verdict while this is not checked."""
    code: str | None = None
    """The stable code of the error behind a failure."""


@dataclass(frozen=True, slots=True)
class Audit:
    subject: str
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> AuditVerdict:
        """Refuted by one failed check; without an essential check, or without any at all, nothing is verified."""
        if any(check.outcome is Outcome.FAILED for check in self.checks):
            return AuditVerdict.REFUTED
        essential = [check for check in self.checks if check.essential]
        if not essential or any(check.outcome is not Outcome.PASSED for check in essential):
            return AuditVerdict.UNDECIDED
        return AuditVerdict.VERIFIED

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    def to_json(self) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "checks": [
                {"name": check.name, "outcome": check.outcome.value, "detail": check.detail, "code": check.code}
                for check in self.checks
            ],
            "verdict": self.verdict.value,
        }


def attempt(name: str, detail: Callable[[], str], *, essential: bool = True) -> Check:
    """Passed with the detail that the function returns, failed with the LedgerError that it raises."""
    try:
        return Check(name, Outcome.PASSED, detail(), essential)
    except LedgerError as error:
        return Check(name, Outcome.FAILED, error.message, essential, error.code)


def not_checked(name: str, reason: str, *, essential: bool = True) -> Check:
    return Check(name, Outcome.NOT_CHECKED, reason, essential)


Step = tuple[str, Callable[[], str] | str]
"""A check's name, and how to do it (returns the detail for people) or why it is not done."""


def until_failure(steps: Iterator[Step]) -> Iterator[Check]:
    """Does one step after the other; after the first that is not passed none is looked at."""
    stopped = ""
    for name, step in steps:
        if isinstance(step, str):
            yield not_checked(name, step, essential=False)
        elif stopped:
            yield not_checked(name, stopped)
        else:
            try:
                yield Check(name, Outcome.PASSED, step())
                continue
            except PushbackError as error:
                yield Check(name, Outcome.NOT_CHECKED, error.message, code=error.code)
            except VerificationError as error:
                yield Check(name, Outcome.FAILED, error.message, code=error.code)
            stopped = f"not checked, because {name!r} did not pass"
