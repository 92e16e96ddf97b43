"""`artledger keys`: the keys of this ledger; keys of one's own are in keys_own.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands import keys_own
from cli.ui.invocation import CommandGroup, Invocation
from ledger.record.keyid import short_keyid

if TYPE_CHECKING:
    from cli.ui.output import Output
    from ledger.answers.people import KeyAnswer


group = CommandGroup("The keys of this ledger, and keys of your own.", name="keys")


@group.add("artledger keys show", "artledger keys show --json")
def show(invocation: Invocation) -> None:
    """Print the log's verifier key and the record keys. Others need them to check this ledger."""
    out = invocation.out
    with invocation.application() as application:
        origin, vkey = application.log.origin, application.log.vkey
        states, record_keys = application.log.keys.states(), application.log.record_keys
    keys = [state.to_json() for state in states]
    out.document({"origin": origin, "log_vkey": vkey, "record_keys": record_keys, "keys": keys})
    out.line(f"Origin     {origin}")
    out.line(f"Log key    {vkey}")
    for state in states:
        out.line(f"Record key {state.public_key}")
        out.line(f"           id {short_keyid(state.keyid)}, {_description(state)}", "quiet")


@group.add("artledger keys rotate")
def rotate(invocation: Invocation) -> None:
    """Replace the key that signs records with a new one.

    The new key is announced on the log, signed by the old key and by itself. Running services switch to it.

    The old key stays valid, and on disk, until you revoke it. The log's own key does not change.
    """
    with invocation.application() as application:
        state = application.log.keys.rotate()
    _finish(invocation.out, state, "signs records from now on")


@group.add("artledger keys add /mnt/second/keys/record.pem")
def add(
    invocation: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file keys/record.pem of the other installation.")],
) -> None:
    """Announce the record key of another installation, so that it can append to the same log."""
    with invocation.application() as application:
        state = application.log.keys.add(application.log.load_key(file))
    _finish(invocation.out, state, "may sign records from now on")


@group.add("artledger keys revoke 3f9a0c1d")
def revoke(
    invocation: Invocation,
    keyid: Annotated[
        str, typer.Argument(metavar="KEYID", help="Id of the key, as `keys show` prints it. 8 digits are enough.")
    ],
) -> None:
    """Revoke a key for good. Records that it signed earlier stay valid. Later ones are refused."""
    with invocation.application() as application:
        state = application.log.keys.revoke(keyid)
    _finish(invocation.out, state, "is revoked")


def _finish(out: Output, state: KeyAnswer, what: str) -> None:
    out.document(state.to_json())
    out.line(f"Key {short_keyid(state.keyid)} {what}", "good")
    out.line(f"Public key {state.public_key}")


def _description(state: KeyAnswer) -> str:
    words = {"signs": "signs records here", "good": "valid", "revoked": f"revoked in log entry {state.revoked_index}"}
    return f"{state.role}, announced in log entry {state.leaf_index}, {words[state.state]}"


group.add_typer(keys_own.group)
