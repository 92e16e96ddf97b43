"""The key file: made once, reloaded when replaced, never lost between announcement and replacement."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.errors import ConflictError
from ledger.record.keyfile import KeyFile
from ledger.record.keys import load_signer


def test_a_replacement_is_noticed_by_whoever_holds_the_file_open(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "record.pem"
    one, two = KeyFile(path), KeyFile(path)
    old = one.signer().keyid
    assert two.signer() is two.signer()
    assert two.signer().keyid == old
    with one.replacing() as new:
        assert two.signer().keyid == old, "not before it is announced"
    assert {one.signer().keyid, two.signer().keyid, load_signer(path).keyid} == {new.keyid}
    assert load_signer(path.with_name(f"record-{old[:8]}.pem")).keyid == old


def test_after_an_error_the_same_next_key_comes_again(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys" / "record.pem")
    old = file.signer().keyid
    with pytest.raises(ConflictError), file.replacing() as first:
        raise ConflictError("the log could not be reached")
    assert file.signer().keyid == old
    with file.replacing() as second:
        pass
    assert second.keyid == first.keyid == file.signer().keyid


def test_an_encrypted_key_stays_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "record.pem"
    file = KeyFile(path, b"a passphrase")
    with file.replacing():
        pass
    assert all(b"ENCRYPTED" in each.read_bytes() for each in path.parent.iterdir())
    assert len(list(path.parent.iterdir())) == 2
