"""`artledger audit log`: check a whole log from its published files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.ui.checks import show_audit
from cli.ui.errors import ExitCode
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.trust import ExplainOption, KeyOption, PolicyOption, log_key, read_policy

if TYPE_CHECKING:
    from ledger.audit.whole_log.replay import LogAudit
    from ledger.log.checkpoint import SignedCheckpoint

StateOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder that remembers the last verified checkpoint. An interrupted audit continues there. A later "
        "audit checks that the log has only grown.",
    ),
]
RecordsOption = Annotated[
    bool | None,
    typer.Option(
        "--records/--no-records",
        help="Require every entry to be an Artledger record, or check no entry's content. Default: depends on the "
        "first entry.",
    ),
]

group = CommandGroup()


@group.add(
    "artledger audit log https://example.org --key VKEY --state ~/audits",
    "artledger audit log ./log --key VKEY --policy witnesses.txt",
    name="log",
)
def audit_whole_log(
    invocation: Invocation,
    location: Annotated[
        str,
        typer.Argument(metavar="URL|FOLDER", help="Where the log is published: the place of `checkpoint` and `tile/`."),
    ],
    *,
    key: KeyOption,
    policy: PolicyOption = None,
    state: StateOption = None,
    records: RecordsOption = None,
    explain: ExplainOption = False,
) -> ExitCode:
    """Check a whole log: its signature, its tiles, its entries, and that it continues what was audited before.

    Any log in C2SP tlog-tiles format can be checked. In a log of Artledger records, the signatures, keys, schema and
    references of each record are checked, too.

    Exits 0 if verified, 1 if refuted (the output names the first error), 4 if the check could not be completed.
    """
    from ledger.audit.entries import EntryChecker, begins_with_record
    from ledger.audit.whole_log.replay import replay_log

    verifier = log_key(key)
    witnesses = read_policy(policy)
    holds_records = begins_with_record(location, verifier) if records is None else records
    checker = EntryChecker(verifier.name) if holds_records else None
    with invocation.progress() as progress:
        outcome = replay_log(
            location,
            verifier,
            state_dir=None if state is None else state.expanduser(),
            policy=witnesses,
            checker=checker,
            progress=lambda done, total: progress("verifying entries", done, total),
        )
    out = invocation.out
    explanation = _explanation(outcome.signed) if explain and outcome.signed is not None else []
    out.document(_document(outcome, explanation))
    show_audit(out, outcome.audit, explanation)
    return ExitCode(outcome.audit.exit_code)


def _document(outcome: LogAudit, explanation: list[str]) -> dict[str, Any]:
    signed = outcome.signed
    checkpoint = (
        None if signed is None else {"origin": signed.checkpoint.origin, "size": signed.size, "root": signed.root.hex()}
    )
    document = {
        **outcome.audit.to_json(),
        "checkpoint": checkpoint,
        "entries": outcome.entries,
        "seconds": round(outcome.seconds, 3),
    }
    return {**document, "explanation": explanation} if explanation else document


def _explanation(signed: SignedCheckpoint) -> list[str]:
    """The checkpoint as signed, and its signatures."""
    text, _, signatures = signed.data.decode().rpartition("\n\n")
    lines = ["the checkpoint, as signed:", *(f"  {line}" for line in text.split("\n")), "its signatures:"]
    lines += [f"  {line}" for line in signatures.splitlines()]
    return [*lines, f"root of the tree, in hex: {signed.root.hex()}"]
