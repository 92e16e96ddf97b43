"""`artledger keys`: this ledger's keys, replacing the one that signs records; keys of one's own (holder_keys.py)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands import keys_own as holder_keys
from cli.ui.invocation import CommandGroup, Invocation

if TYPE_CHECKING:
    from cli.ui.output import Output
    from ledger.flows.records.service_keys import KeyState


def show(invocation: Invocation) -> None:
    """Print the log's verifier key and the record keys: what others need to check this ledger."""
    out = invocation.out
    with invocation.application() as application:
        origin, vkey = application.log.origin, application.log.vkey
        states, record_keys = application.log.keys.states(), application.log.record_keys
    keys = [state.to_json() for state in states]
    out.document({"origin": origin, "log_vkey": vkey, "record_keys": record_keys, "keys": keys})
    out.line(f"Origin      {origin}")
    out.line(f"Log key     {vkey}")
    for state in states:
        out.line(f"Record key  {state.public_key}  {_description(state)}")


def rotate(invocation: Invocation) -> None:
    """Replace the key that signs records by a new one, without a gap.

    The new key is announced on the log, signed by the old one and by itself; running services change over.
    The old key stays good, and on disk, until `artledger keys revoke`. The log's own key is another and stays.
    """
    with invocation.application() as application:
        state = application.log.keys.rotate()
    _finish(invocation.out, state, "signs records from now on")


def add(
    invocation: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The other installation's keys/record.pem.")],
) -> None:
    """Announce the record key of a further installation that will append to the same log."""
    with invocation.application() as application:
        state = application.log.keys.add(application.log.load_key(file))
    _finish(invocation.out, state, "may sign records from now on")


def revoke(
    invocation: Invocation,
    keyid: Annotated[str, typer.Argument(metavar="KEYID", help="As `keys show` prints it; 8 digits will do.")],
) -> None:
    """Revoke a key for good: what it signed before stays good at its place in the log, anything later is refused."""
    with invocation.application() as application:
        state = application.log.keys.revoke(keyid)
    _finish(invocation.out, state, "is revoked")


def _finish(out: Output, state: KeyState, what: str) -> None:
    out.document(state.to_json())
    out.line(f"Key {state.keyid} {what}", "good")
    out.line(f"Public key  {state.public_key}")


def _description(state: KeyState) -> str:
    words = {
        "signs": "signs here",
        "good": "good",
        "revoked": f"revoked by leaf {state.revoked_index}",
    }[state.state]
    return f"{state.role}, id {state.keyid}, announced by leaf {state.leaf_index}, {words}"


def register(app: CommandGroup) -> None:
    group = CommandGroup("The keys of this ledger, and keys of your own.", name="keys")
    group.add(show, examples=["artledger keys show", "artledger keys show --json"])
    group.add(rotate, examples=["artledger keys rotate"])
    group.add(add, examples=["artledger keys add /mnt/second/keys/record.pem"])
    group.add(revoke, examples=["artledger keys revoke 3f9a0c1d"])
    holder_keys.add_to(group)
    app.add_typer(group)
