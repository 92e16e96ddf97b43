"""`artledger audit usage`: count an artist's uses again from a published log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.ui.checks import finish_audit
from cli.ui.errors import ExitCode
from cli.ui.files import read_bounded
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.trust import log_key

group = CommandGroup()


@group.add(
    "artledger audit usage january.json --log https://example.org --key VKEY",
    "artledger audit usage january.json --log ./log",
    name="usage",
)
def audit_one_usage(
    invocation: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The statement of use.")],
    *,
    log: Annotated[
        str, typer.Option(metavar="URL|DIR", help="Where the log is published: the place of `checkpoint` and `tile/`.")
    ],
    key: Annotated[
        str | None,
        typer.Option(metavar="VKEY", help="Verifier key of the log. Without it, it is not checked whose log that is."),
    ] = None,
) -> ExitCode:
    """Count an artist's uses again from the published log, and compare the result with a statement of use.

    Every log entry is read and checked. Exits 0 if the result is the same, 1 if not, 4 if the check could not be
    completed.
    """
    from ledger.audit.usage import audit_usage
    from ledger.record.usage import MAX_STATEMENT_BYTES

    data = read_bounded(file, MAX_STATEMENT_BYTES, "the statement")
    with invocation.progress() as progress:
        audit = audit_usage(
            data, log, None if key is None else log_key(key), lambda done, total: progress("counting uses", done, total)
        )
    return finish_audit(invocation.out, audit)
