"""Options for what an auditor trusts: keys and a witness policy, from another place than what is audited."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.ui.files import read_bounded
from ledger.errors import InputError

if TYPE_CHECKING:
    from cli.ui.invocation import Invocation
    from ledger.app import Application
    from ledger.log.vkey import VerifierKey
    from ledger.log.witness_policy import WitnessPolicy

KeyOption = Annotated[
    str, typer.Option("--key", metavar="VKEY", help="Verifier key of the log, as `artledger keys show` prints it.")
]
RecordKeyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--record-key", metavar="HEX", help="A public record key that you trust (64 hex digits). May be repeated."
    ),
]
PolicyOption = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        metavar="FILE",
        help="Require the cosignatures that this witness policy asks for (C2SP tlog-policy).",
    ),
]
LogKeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="VKEY",
        help="Verifier key of the log. Required for a file or a URL; for an id, the default is this ledger's own key.",
    ),
]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Also show every hash of the proof.")]


def read_policy(path: Path | None) -> WitnessPolicy | None:
    """The policy in a file. Raises InputError."""
    if path is None:
        return None
    from ledger.log.witness_policy import MAX_POLICY_BYTES, parse_policy

    return parse_policy(read_bounded(path, MAX_POLICY_BYTES, "the witness policy"))


def log_key(vkey: str) -> VerifierKey:
    """A log's verifier key. Raises InputError (`bad-vkey`)."""
    from ledger.audit.verifier import Trust

    key = Trust.of(vkey).log_key
    if key is None:
        raise InputError("the verifier key of a log is missing", code="bad-vkey", hint="Give it with --key.")
    return key


def record_keys(hexes: list[str] | None) -> tuple[bytes, ...]:
    """Raw public keys. Raises InputError (`bad-record-key`)."""
    keys = []
    for text in hexes or ():
        try:
            keys.append(bytes.fromhex(text))
        except ValueError as error:
            raise InputError(
                f"--record-key {text[:80]!r} is not hexadecimal", code="bad-record-key", hint="Give 64 hex digits."
            ) from error
    return tuple(keys)


def require_key(key: str | None) -> str:
    """The key for a bundle that comes from elsewhere. Raises InputError (`usage`)."""
    if key is None:
        raise InputError(
            "--key is missing", code="usage", hint="A bundle from a file or a URL needs the verifier key of its log."
        )
    return key


def own_key(invocation: Invocation, application: Application) -> str:
    """This ledger's own key, and a note that it is trusted."""
    vkey = application.log.vkey
    invocation.out.note(f"Without --key, this ledger's own key is trusted: {vkey}")
    return vkey
