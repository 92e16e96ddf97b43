"""`artledger keys`: the public halves of this ledger's keys."""

from __future__ import annotations

from cli.invocation import CommandGroup, Invocation


def show(invocation: Invocation) -> None:
    """Print the log's verifier key and the record keys: what others need to check this ledger."""
    out = invocation.out
    with invocation.application() as application:
        origin, vkey = application.origin, application.log_vkey
        # A ledger without a single record has not announced its key yet.
        record_keys = application.record_keys or [application.record_signer.public_raw.hex()]
    if out.json:
        out.document({"origin": origin, "log_vkey": vkey, "record_keys": record_keys})
    out.line(f"Origin      {origin}")
    out.line(f"Log key     {vkey}")
    for key in record_keys:
        out.line(f"Record key  {key}")


def register(app: CommandGroup) -> None:
    group = CommandGroup("The public keys of this ledger.", name="keys")
    group.add(show, examples=["artledger keys show", "artledger keys show --json"])
    app.add_typer(group)
