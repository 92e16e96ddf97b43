"""The outcome of an audit: each check, then the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from cli.ui.errors import ExitCode
from cli.ui.output import Output, Tone
from ledger.audit.checks import Audit, AuditVerdict, Outcome

OUTCOME_TONES: dict[Outcome, Tone] = {Outcome.PASSED: "good", Outcome.FAILED: "bad", Outcome.NOT_CHECKED: "quiet"}
VERDICT_WORDS = {
    AuditVerdict.VERIFIED: "verified",
    AuditVerdict.REFUTED: "refuted",
    AuditVerdict.UNDECIDED: "could not be checked",
}


def finish_audit(out: Output, audit: Audit, explanation: Sequence[str] = ()) -> ExitCode:
    """Shows an audit. Returns the exit code that FORMAT.md gives its verdict."""
    document = audit.to_json()
    out.document({**document, "explanation": list(explanation)} if explanation else document)
    show_audit(out, audit, explanation)
    return ExitCode(audit.exit_code)


def show_audit(out: Output, audit: Audit, explanation: Sequence[str] = ()) -> None:
    """Each check as passed, failed or not checked, and why; then the verdict."""
    width = max((len(check.name) for check in audit.checks), default=0)
    for check in audit.checks:
        words = check.outcome.value.replace("-", " ")
        out.line(f"{words:<11}  {check.name:<{width}}  {check.detail}", OUTCOME_TONES[check.outcome])
    for line in explanation:
        out.line(line)
    tone: Tone = "good" if audit.verdict is AuditVerdict.VERIFIED else "bad"
    out.line(f"{audit.subject}: {VERDICT_WORDS[audit.verdict]}", tone)
