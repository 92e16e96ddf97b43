"""`artledger accounts`, and keys of one's own, from the command line."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from cli.ui.own_keys import PASSPHRASE
from ledger.record import dsse
from ledger.record.keys import load_signer
from ledger.record.predicates import Claim
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from tests.cli.commands import Commands
from tests.record.kinds import ALL


@pytest.fixture(autouse=True)
def ledger_at(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)


def test_an_accounts_life(artledger: Commands) -> None:
    made = artledger("accounts", "create", "Ada\u202e \x1b[31mExample", "--role", "artist", "--json")
    account = made.json["account_id"]
    assert (made.code, made.json["name"]) == (0, "Ada [31mExample")
    assert artledger("accounts", "create", "Ada [31mExample", "--role", "artist").code == 2
    issued = artledger("accounts", "token", account, "--scope", "works", "--scope", "claims", "--json").json
    printed = artledger("accounts", "token", account, "--scope", "keys", "--days", "1").stdout.strip()
    assert printed.startswith("alt_")
    assert "\n" not in printed, "the token alone, to be piped"
    wrong = artledger("accounts", "token", account, "--scope", "accounts", "--json")
    assert (wrong.code, wrong.json["error"]["code"]) == (2, "bad-scope")
    shown = artledger("accounts", "show", account)
    assert issued["token_id"] in shown.stdout
    assert "never" in shown.stdout
    assert issued["secret"][-43:] not in shown.stdout + artledger("accounts", "show", account, "--json").stdout
    assert artledger("accounts", "revoke", issued["token_id"]).code == 0
    assert artledger("accounts", "revoke", "ab" * 16).code == 3
    assert artledger("accounts", "disable", account, "--json").json["disabled_at"] is not None
    listed = artledger("accounts", "show", "--json").json["accounts"]
    assert [each["account_id"] for each in listed] == [account]
    assert "disabled" in artledger("accounts", "show").stdout


def test_a_key_of_ones_own(artledger: Commands, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    account = artledger("accounts", "create", "Ada", "--role", "artist", "--json").json["account_id"]
    first, second = tmp_path / "ada.pem", tmp_path / "next.pem"
    made = artledger("keys", "new", "--out", first, "--account", account, "--json").json
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert load_signer(first, own_folder=False).keyid == made["keyid"]
    assert "PRIVATE" not in json.dumps(made)
    taken = artledger("keys", "new", "--out", first, "--json")
    assert (taken.code, taken.json["error"]["code"]) == (2, "file-exists")
    assert artledger("keys", "new", "--out", second).code == 0
    alone = artledger("keys", "announce", account, "--key", second, "--json")
    assert (alone.code, alone.json["error"]["code"]) == (1, "key-record")
    assert artledger("keys", "announce", account, "--key", second, "--with", first).code == 0
    shown = artledger("keys", "show", "--json").json
    assert [key["role"] for key in shown["keys"]] == ["service", "artist", "artist"]
    assert len(shown["record_keys"]) == 1
    assert artledger("keys", "revoke", made["keyid"], "--json").json["state"] == "revoked"
    log = tmp_path / "data" / "log"
    assert artledger("audit", "log", log, "--key", shown["log_vkey"]).code == 0


def test_signing_offline(artledger: Commands, tmp_path: Path) -> None:
    key = tmp_path / "ada.pem"
    artledger("keys", "new", "--out", key)
    sample: Any = next(each for each in ALL if isinstance(each, Claim))
    payload = statement_payload("image", "ab" * 32, sample.model_copy(update={"generated_at": now_text()}))
    signer = load_signer(key, own_folder=False)
    for content in (payload, json.dumps({"payload": base64.b64encode(payload).decode()}).encode()):
        (tmp_path / "prepared.json").write_bytes(content)
        signed = artledger("keys", "sign", tmp_path / "prepared.json", "--key", key)
        assert signed.code == 0
        envelope = dsse.parse(json.dumps(signed.json, sort_keys=True, separators=(",", ":")).encode())
        dsse.verify(envelope, {signer.keyid: signer.public_raw})
        assert envelope.payload == payload
        assert sample.record_id in signed.stderr, "one sees what one signs"
    for content in (b"anything", b"{}", b'{"payload": "!"}', payload + b" ", b'{"payload": "e30="}'):
        (tmp_path / "prepared.json").write_bytes(content)
        assert artledger("keys", "sign", tmp_path / "prepared.json", "--key", key).code == 1


def test_encrypted_keys(artledger: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "ada.pem"
    monkeypatch.setenv(PASSPHRASE, "")
    empty = artledger("keys", "new", "--out", key, "--passphrase", "--json")
    assert (empty.code, empty.json["error"]["code"]) == (2, "no-passphrase")
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    assert artledger("keys", "new", "--out", key, "--passphrase").code == 0
    assert b"ENCRYPTED" in key.read_bytes()
    account = artledger("accounts", "create", "Ada", "--role", "auditor", "--json").json["account_id"]
    monkeypatch.setenv(PASSPHRASE, "wrong")
    wrong = artledger("keys", "announce", account, "--key", key, "--json")
    assert (wrong.code, wrong.json["error"]["code"]) == (2, "key-passphrase")
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    assert artledger("keys", "announce", account, "--key", key).code == 0


def test_a_key_that_others_can_read_is_not_used(artledger: Commands, tmp_path: Path) -> None:
    key = tmp_path / "ada.pem"
    artledger("keys", "new", "--out", key)
    key.chmod(0o644)
    refused = artledger("keys", "announce", "01900000-0000-7000-8000-000000000000", "--key", key, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "key-permissions")
