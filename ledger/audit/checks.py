"""The result of an audit: named checks (passed, failed, or not checked with the reason) and a verdict."""

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
    """For people: what was verified, what is wrong, or why nothing was checked."""
    essential: bool = True
    """If an essential check was not done, the audit is undecided."""
    code: str | None = None
    """The stable code of the error behind a failure."""


@dataclass(frozen=True, slots=True)
class Audit:
    subject: str
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> AuditVerdict:
        """Refuted if one check failed. Undecided if an essential check was not done, or there are no checks."""
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
    """A check that passed with the detail that the function returns, or failed with the LedgerError it raises."""
    try:
        return Check(name, Outcome.PASSED, detail(), essential)
    except LedgerError as error:
        return Check(name, Outcome.FAILED, error.message, essential, error.code)


def not_checked(name: str, reason: str, *, essential: bool = True) -> Check:
    return Check(name, Outcome.NOT_CHECKED, reason, essential)


Step = tuple[str, Callable[[], str] | str]
"""A check's name, and a function that does it (returns the detail for people) or the reason why it is not done."""


def until_failure(steps: Iterator[Step]) -> Iterator[Check]:
    """Does the steps in order. After the first that did not pass, the others are not checked."""
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
