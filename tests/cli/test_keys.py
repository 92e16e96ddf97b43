"""`artledger keys` from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.record.keys import Signer
from tests.cli.commands import Commands


def test_rotate_revoke_and_show(
    artledger: Commands, monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path
) -> None:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    first = artledger("keys", "show", "--json").json
    assert [key["state"] for key in first["keys"]] == ["signs"]
    old = first["keys"][0]["keyid"]
    rotated = artledger("keys", "rotate", "--json")
    assert (rotated.code, rotated.json["state"]) == (0, "signs")
    in_use = artledger("keys", "revoke", rotated.json["keyid"], "--json")
    assert (in_use.code, in_use.json["error"]["code"]) == (2, "key-in-use")
    assert artledger("keys", "revoke", old[:8], "--json").json["revoked_index"] == 2
    assert artledger("keys", "revoke", "0" * 64).code == 3
    other = tmp_path / "keys" / "record.pem"
    other.parent.mkdir(mode=0o700)
    other.touch(0o600)
    other.write_bytes(Signer.generate().to_pem())
    assert artledger("keys", "add", other, "--json").json["state"] == "good"
    shown = artledger("keys", "show", "--json").json
    assert [key["state"] for key in shown["keys"]] == ["revoked", "signs", "good"]
    assert shown["record_keys"] == [key["public_key"] for key in shown["keys"][1:]]
    assert shown["log_vkey"] == first["log_vkey"]
    assert (
        f"id {old[:16]}, service, announced in log entry 0, revoked in log entry 2" in artledger("keys", "show").stdout
    )
    log = tmp_path / "data" / "log"
    assert artledger("audit", "log", log, "--key", shown["log_vkey"]).code == 0
