"""`artledger audit usage`: count an artist's uses once more, from what a log publishes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.ui.checks import finish_audit
from cli.ui.errors import ExitCode
from cli.ui.files import read_bounded
from cli.ui.invocation import Invocation
from cli.ui.trust import log_key


def audit_one_usage(
    invocation: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The statement of use.", show_default=False)],
    *,
    log: Annotated[
        str, typer.Option(metavar="URL|DIR", help="Where the log's `checkpoint` and `tile/` are.", show_default=False)
    ],
    key: Annotated[
        str | None,
        typer.Option(metavar="VKEY", help="The log's verifier key; without it stays open whose log that is."),
    ] = None,
) -> ExitCode:
    """Count an artist's uses once more from the published log alone, and compare with a statement of use.

    Every entry is read and checked. Exits 0 when the same comes out, 1 when anything else follows, 4 when it could not
    be checked to the end.
    """
    from ledger.audit.usage import audit_usage
    from ledger.record.usage import MAX_STATEMENT_BYTES

    data = read_bounded(file, MAX_STATEMENT_BYTES, "the statement")
    with invocation.progress() as progress:
        audit = audit_usage(
            data, log, None if key is None else log_key(key), lambda done, total: progress("counting", done, total)
        )
    return finish_audit(invocation.out, audit)
