"""`artledger keys new | announce | sign`: keys of artists, operators of generators and auditors."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import Annotated

import typer

from cli.ui.files import read_bounded
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.own_keys import OwnKey, make_key, open_key
from ledger.errors import VerificationError

MAX_PAYLOAD_BYTES = 131_072


def new(
    invocation: Invocation,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the private key is written; keep it.")],
    passphrase: Annotated[bool, typer.Option("--passphrase", help="Encrypt it; asks for a passphrase.")] = False,
    account: Annotated[
        str | None, typer.Option(metavar="ACCOUNT", help="Announce it for this account of this ledger, too.")
    ] = None,
) -> None:
    """Make a key of your own, with which you sign your works, claims, responses and resolutions.

    The file is yours and the only copy: the service never sees it. Without --account no ledger is touched.
    """
    signer = make_key(out, encrypt=passphrase)
    shown = invocation.out
    if account is not None:
        from ledger.flows.people.principal import LOCAL

        with invocation.application() as application:
            application.people.keys.announce(account, signer, LOCAL)
    shown.document(
        {"keyid": signer.keyid, "public_key": signer.public_raw.hex(), "file": str(out), "account_id": account}
    )
    shown.line(f"Key {signer.keyid} is in {out}", "good")
    shown.line(f"Public key  {signer.public_raw.hex()}")
    if account is None:
        shown.note("announce it before it counts: artledger keys announce, or POST /v1/keys")


def announce(
    invocation: Invocation,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Whose key it is.")],
    key: OwnKey,
    good: Annotated[
        Path | None,
        typer.Option("--with", metavar="FILE", help="A good key of the account, where it has one: it signs too."),
    ] = None,
) -> None:
    """Announce a key on the log, signed by itself, so that what it signs counts as its account's."""
    from ledger.flows.people.principal import LOCAL

    signers = [open_key(path) for path in (key, good) if path is not None]
    with invocation.application() as application:
        state = application.people.keys.announce(account, signers[0], LOCAL, *signers[1:])
    invocation.out.document(state.to_json())
    invocation.out.line(
        f"Key {state.keyid} of {state.role} {state.holder_id} is announced by leaf {state.leaf_index}", "good"
    )


def sign(
    invocation: Invocation,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A payload, or the JSON that a service answers with `prepare=true`.")
    ],
    key: OwnKey,
    second: Annotated[
        Path | None, typer.Option("--with", metavar="FILE", help="Another key that signs too, after it.")
    ] = None,
) -> None:
    """Sign a statement with your own key, offline, and print the envelope (DSSE) to send. Shows what you sign.

    Nothing is signed that is not a statement of a ledger, in its one encoding.
    """
    from ledger.record import dsse
    from ledger.record.statement import parse_payload

    payload = payload_in(read_bounded(file, MAX_PAYLOAD_BYTES, "a payload"))
    statement = parse_payload(payload)
    signers = [open_key(path) for path in (key, second) if path is not None]
    envelope = dsse.sign(payload, signers)
    invocation.out.note(f"{statement.kind} {statement.record_id}, made at {statement.predicate.generated_at}")
    invocation.out.note(json.dumps(json.loads(payload)["predicate"], indent=2))
    print(json.dumps(json.loads(envelope), indent=2))  # noqa: T201 - the answer is JSON, with --json or without


def payload_in(data: bytes) -> bytes:
    """The payload that a service prepared, or the bytes themselves. Raises VerificationError (`statement-shape`)."""
    try:
        document = json.loads(data)
        if isinstance(document, dict) and isinstance(document.get("payload"), str):
            return base64.b64decode(document["payload"], validate=True)
    except (ValueError, RecursionError, binascii.Error) as error:
        raise VerificationError("the file holds no statement to sign", code="statement-shape") from error
    return data


def add_to(group: CommandGroup) -> None:
    """Puts the commands into `artledger keys`."""
    group.add(new, examples=["artledger keys new --out ada.pem", "artledger keys new --out ada.pem --account ACCOUNT"])
    group.add(announce, examples=["artledger keys announce ACCOUNT --key ada.pem"])
    group.add(sign, examples=["artledger keys sign prepared.json --key ada.pem > envelope.json"])
