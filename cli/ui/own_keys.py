"""A user's own private key: created in a file of theirs, opened to sign."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.errors import InputError

if TYPE_CHECKING:
    from ledger.record.keys import Signer

PASSPHRASE = "ARTLEDGER_OWN_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable
"""Passphrase of one's own key, where no terminal can ask for it."""

OwnKey = Annotated[
    Path, typer.Option("--key", metavar="FILE", help="Your private key, made with `artledger keys new`.")
]


def make_key(path: Path, *, encrypt: bool) -> Signer:
    """A new key in a file that only its owner may use.

    Raises InputError (`file-exists`, `no-passphrase`), ConflictError (`key-unwritable`).
    """
    from ledger.record.keys import Signer, create_private_file

    if os.path.lexists(path):
        raise InputError(
            f"{path} already exists", code="file-exists", hint="A key is never overwritten. Choose another file name."
        )
    signer = Signer.generate()
    create_private_file(path, signer.to_pem(_passphrase(confirm=True) if encrypt else None))
    return signer


def open_key(path: Path) -> Signer:
    """The key in a file of one's own. Raises as `load_signer` does, and InputError (`no-passphrase`)."""
    from ledger.record.keys import is_encrypted, load_signer

    passphrase = _passphrase(confirm=False) if is_encrypted(path) else None
    return load_signer(path, passphrase, own_folder=False)


def _passphrase(*, confirm: bool) -> bytes:
    given = os.environ.get(PASSPHRASE)
    if given is None:
        try:
            given = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
        except typer.Abort as error:
            raise InputError(
                "the key needs a passphrase, and there is no terminal to ask for it",
                code="no-passphrase",
                hint=f"Set {PASSPHRASE}.",
            ) from error
    if not given:
        raise InputError("the passphrase is empty", code="no-passphrase")
    return str(given).encode()
