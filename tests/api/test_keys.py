"""Keys over HTTP: the server prepares a payload, its holder signs it, and only then it is on the log."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from ledger.app import Application, open_application
from ledger.audit.entries import EntryChecker
from ledger.record import dsse
from ledger.record.keys import Signer

KEY, NEXT, STRANGER = (Signer.from_seed(bytes([number]) * 32) for number in (1, 2, 3))


@pytest.fixture
def application(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        yield opened


@pytest.fixture
def client(application: Application) -> Iterator[TestClient]:
    with TestClient(create_app(application), raise_server_exceptions=False) as opened:
        account = application.people.accounts.create("artist", "Ada")
        secret = application.people.accounts.issue_token(account.account_id, ["keys"]).secret
        opened.headers["authorization"] = f"Bearer {secret}"
        opened.headers["x-holder"] = account.account_id
        yield opened


def prepared(client: TestClient, signer: Signer, **more: Any) -> bytes:
    body = {"public_key": signer.public_raw.hex()} | more
    response = client.post("/v1/keys", params={"prepare": "true"}, json=body)
    assert response.status_code == 200, response.text
    return base64.b64decode(response.json()["payload"])


def submitted(client: TestClient, payload: bytes, *signers: Signer) -> Any:
    return client.post("/v1/keys", json=json.loads(dsse.sign(payload, signers)))


def test_a_keys_life(client: TestClient, application: Application) -> None:
    payload = prepared(client, KEY)
    added = submitted(client, payload, KEY)
    assert (added.status_code, added.json()["kind"]) == (201, "key"), added.text
    assert [each["keyid"] for each in added.json()["envelope"]["signatures"]][1] == KEY.keyid
    again = submitted(client, payload, KEY)
    assert (again.status_code, again.json()["record_id"]) == (200, added.json()["record_id"])
    rotation = prepared(client, NEXT, event="rotated", replaces=KEY.keyid)
    alone = submitted(client, rotation, NEXT)
    assert (alone.status_code, alone.json()["code"]) == (422, "key-record")
    assert submitted(client, rotation, KEY, NEXT).status_code == 201
    assert submitted(client, prepared(client, KEY, event="revoked"), NEXT).status_code == 201
    late = submitted(client, prepared(client, STRANGER), KEY, STRANGER)
    assert (late.status_code, late.json()["code"]) == (422, "key-revoked")
    holder = {"holder_id": client.headers["x-holder"]}
    assert [key["state"] for key in client.get("/v1/keys", params=holder).json()["keys"]] == ["revoked", "good"]
    checker = EntryChecker(application.log.origin)
    for entry in application.store.entries.read(0, application.store.entries.head().size):
        checker.check(entry.leaf_index, entry.leaf_hash, entry.envelope)


def test_forgeries(client: TestClient, application: Application) -> None:
    payload, other = prepared(client, KEY), prepared(client, KEY)
    signature = dsse.parse(dsse.sign(other, [KEY])).signatures
    swapped = client.post("/v1/keys", json=json.loads(dsse.encode(dsse.Envelope(payload, signature))))
    assert (swapped.status_code, swapped.json()["code"]) == (422, "bad-signature")
    bob = application.people.accounts.create("artist", "Bob").account_id
    for_bob = application.people.keys.draft(bob, KEY.public_raw)
    refused = submitted(client, for_bob, KEY)
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong-holder")
    no_base64 = {"payload": "!", "payloadType": dsse.PAYLOAD_TYPE, "signatures": [{"keyid": "ab" * 32, "sig": "!"}]}
    bodies: list[Any] = [{}, [], no_base64]
    for body in bodies:
        assert client.post("/v1/keys", json=body).status_code == 422
    assert client.post("/v1/keys", content=b"{").status_code == 415
    unsound = client.post("/v1/keys?prepare=true", json={"public_key": "00" * 32})
    assert (unsound.status_code, unsound.json()["code"]) == (422, "bad-public-key")
    assert application.store.entries.head().size == 1
