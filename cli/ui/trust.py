"""What an auditor brings along: keys and a witness policy, from somewhere else than what is audited."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.ui.files import read_bounded
from ledger.errors import InputError

if TYPE_CHECKING:
    from ledger.log.vkey import VerifierKey
    from ledger.log.witness_policy import Policy

KeyOption = Annotated[
    str, typer.Option("--key", metavar="VKEY", help="The log's verifier key, as `artledger keys show` prints it.")
]
RecordKeyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--record-key", metavar="HEX", help="A public record key that you trust, 64 hex digits; may be repeated."
    ),
]
PolicyOption = Annotated[
    Path | None, typer.Option("--policy", metavar="FILE", help="Witness policy (C2SP tlog-policy) to be satisfied.")
]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Also show every hash of the proof.")]


def read_policy(path: Path | None) -> Policy | None:
    """The policy in a file. Raises InputError."""
    if path is None:
        return None
    from ledger.log.witness_policy import MAX_POLICY_BYTES, parse_policy

    return parse_policy(read_bounded(path, MAX_POLICY_BYTES, "the policy"))


def log_key(vkey: str) -> VerifierKey:
    """A log's verifier key. Raises InputError (`bad-vkey`)."""
    from ledger.audit.verifier import Trust

    key = Trust.of(vkey).log_key
    if key is None:
        raise InputError("a log's verifier key is needed", code="bad-vkey")
    return key


def record_keys(hexes: list[str] | None) -> tuple[bytes, ...]:
    """Raw public keys. Raises InputError (`bad-record-key`)."""
    keys = []
    for text in hexes or ():
        try:
            keys.append(bytes.fromhex(text))
        except ValueError as error:
            raise InputError(f"--record-key {text[:80]!r} is not hexadecimal", code="bad-record-key") from error
    return tuple(keys)
