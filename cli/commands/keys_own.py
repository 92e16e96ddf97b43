"""`artledger keys new | announce | sign`: keys of artists, operators of generators and auditors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.ui.files import read_bounded
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.names import chosen_id, completes
from cli.ui.own_keys import OwnKey, make_key, open_key
from ledger.errors import InputError
from ledger.record.keyid import short_keyid

MAX_PAYLOAD_BYTES = 131_072


group = CommandGroup()


@group.add("artledger keys new --out ada.pem", "artledger keys new --out ada.pem --account 'Ada Example'")
def new(
    invocation: Invocation,
    out: Annotated[Path, typer.Option(metavar="FILE", help="File for the private key.")],
    passphrase: Annotated[bool, typer.Option("--passphrase", help="Encrypt the key. Asks for a passphrase.")] = False,
    account: Annotated[
        str | None,
        typer.Option(
            metavar="ACCOUNT",
            help="Also announce the key for this account: a name or an id.",
            autocompletion=completes("account"),
        ),
    ] = None,
) -> None:
    """Create a private key of your own. It signs your works, claims, responses and resolutions.

    Keep the file: there is no other copy, and the service never sees it. Without --account, the ledger is not changed.
    """
    signer = make_key(out, encrypt=passphrase)
    shown, account_id = invocation.out, None
    if account is not None:
        from ledger.flows.people.principal import LOCAL

        with invocation.application() as application:
            account_id = chosen_id(invocation, application, "account", account)
            application.people.keys.announce(account_id, signer, LOCAL)
    public_key = signer.public_raw.hex()
    shown.document({"keyid": signer.keyid, "public_key": public_key, "file": str(out), "account_id": account_id})
    shown.line(f"Wrote key {short_keyid(signer.keyid)} to {out}", "good")
    shown.line(f"Public key {public_key}")
    if account is None:
        shown.note("The key does not count until it is announced: artledger keys announce, or POST /v1/keys")


@group.add("artledger keys announce 'Ada Example' --key ada.pem")
def announce(
    invocation: Invocation,
    account: Annotated[
        str | None,
        typer.Argument(
            metavar="ACCOUNT",
            help="The account: a name or an id. With --server, it is the token's.",
            autocompletion=completes("account"),
        ),
    ] = None,
    *,
    key: OwnKey,
    existing: Annotated[
        Path | None,
        typer.Option("--with", metavar="FILE", help="An existing valid key. Required if the account already has one."),
    ] = None,
) -> None:
    """Announce your key on the log. From then on, what it signs counts as its account's."""
    from ledger.flows.people.principal import LOCAL

    signers = [open_key(path) for path in (key, existing) if path is not None]
    remote = invocation.server
    if remote is not None:
        state = remote.announce(signers)
    else:
        if account is None:
            raise InputError("whose key is it?", code="usage", hint="Name the account, or give --server.")
        with invocation.application() as application:
            account_id = chosen_id(invocation, application, "account", account)
            state = application.people.keys.announce(account_id, signers[0], LOCAL, *signers[1:])
    invocation.out.document(state.to_json())
    invocation.out.line(f"Announced key {short_keyid(state.keyid)} in log entry {state.leaf_index:,}", "good")
    invocation.out.line(f"Holder     {state.role} {state.holder_id}")


@group.add("artledger keys sign prepared.json --key ada.pem > envelope.json")
def sign(
    invocation: Invocation,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The statement, or the JSON that a service answers with `prepare=true`."),
    ],
    key: OwnKey,
    second: Annotated[
        Path | None, typer.Option("--with", metavar="FILE", help="A second key, which signs after the first.")
    ] = None,
) -> None:
    """Sign a statement with your own key, offline. Shows the statement on stderr and prints the signed envelope (DSSE).

    Only statements of a ledger are signed, and only in their exact encoding.
    """
    from ledger.record import dsse
    from ledger.record.statement import parse_payload, payload_in

    payload = payload_in(read_bounded(file, MAX_PAYLOAD_BYTES, "the statement"))
    statement = parse_payload(payload)
    signers = [open_key(path) for path in (key, second) if path is not None]
    envelope = dsse.sign(payload, signers)
    invocation.out.note(f"{statement.kind} {statement.record_id}, stated at {statement.predicate.generated_at}")
    invocation.out.note(json.dumps(json.loads(payload)["predicate"], indent=2))
    print(json.dumps(json.loads(envelope), indent=2))  # noqa: T201 - the answer is JSON, with --json or without
