"""Waiting for the checkpoint, being turned away under overload, and what `/readyz` says meanwhile; over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine import make_url

from api.app import create_app
from ledger.app import Application
from ledger.audit.checks import AuditVerdict
from ledger.audit.verifier import audit_bundle
from ledger.record.ids import new_id
from ledger.record.predicates import Claim
from ledger.record.statement import statement_payload
from tests.api.test_verifications import upload
from tests.applications import application_with
from tests.conftest import DatabaseUrl
from tests.log.keys import witness_signer
from tests.record.kinds import ALL
from tests.record.samples import sha


@pytest.fixture(scope="module")
def waiting(
    database_server: DatabaseUrl, template: str, hostile_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """One registered picture, a short wait, room for one statement, and a witness that is down."""
    data = tmp_path_factory.mktemp("waiting")
    policy = data / "policy"
    policy.write_text(f"witness W1 {witness_signer(1).key} http://127.0.0.1:9\nquorum none\n")
    with application_with(
        database_server, template, data, [hostile_folder],
        checkpoint_wait=0.3, publish_interval=0.1, max_queue=1, witness_policy=policy,
    ) as opened:  # fmt: skip
        yield opened


@pytest.fixture(scope="module")
def plain(waiting: Application) -> Iterator[TestClient]:
    """Nothing is published in the background."""
    with TestClient(create_app(waiting), raise_server_exceptions=False) as opened:
        yield opened


def test_a_checkpoint_that_does_not_come_loses_nothing(plain: TestClient, waiting: Application, drawing: bytes) -> None:
    late = upload(plain, "/v1/verifications?wait=checkpoint", drawing)
    assert (late.status_code, late.json()["code"]) == (503, "not-yet-published")
    assert int(late.headers["retry-after"]) >= 1
    committed = upload(plain, "/v1/verifications", drawing).json()
    assert (committed["repeated"], "proof" in committed) == (True, False)
    behind = plain.get("/readyz").json()["log"]
    assert behind["published"] < behind["committed"]
    with waiting.run_background():
        answer = upload(plain, "/v1/verifications?wait=checkpoint", drawing)
        while answer.status_code == 503:  # on a slow machine
            answer = upload(plain, "/v1/verifications?wait=checkpoint", drawing)
    assert answer.status_code == 200
    assert answer.json()["record_id"] == committed["record_id"]
    bundle = plain.get(committed["links"]["bundle"]).content
    assert json.loads(bundle)["proof"] == answer.json()["proof"]
    keys = [bytes.fromhex(key) for key in waiting.log.record_keys]
    assert audit_bundle(bundle, waiting.log.vkey, keys).verdict is AuditVerdict.VERIFIED


def test_an_unknown_way_of_waiting_is_refused(plain: TestClient, drawing: bytes) -> None:
    assert upload(plain, "/v1/verifications?wait=forever", drawing).status_code == 422


def test_readiness_shows_the_witness_that_is_down(plain: TestClient) -> None:
    answer = plain.get("/readyz")
    assert answer.status_code == 200
    witnesses: dict[str, Any] = answer.json()["witnesses"]
    assert witnesses["quorum"] == "met"
    assert [(each["witness"], each["state"]) for each in witnesses["answers"]] == [("W1", "unreachable")]
    assert answer.json()["log"]["queue_age"] == 0.0


def claim() -> tuple[str, bytes]:
    """A statement that has nothing to do with the corpus."""
    sample = next(each for each in ALL if isinstance(each, Claim))
    record_id = new_id()
    return record_id, statement_payload("picture", sha("picture"), sample.model_copy(update={"record_id": record_id}))


def test_overload_says_how_long_the_queue_has_been_waiting(
    plain: TestClient, waiting: Application, hostile_drawing: bytes
) -> None:
    url = make_url(waiting.settings.database_url.get_secret_value()) if waiting.settings.database_url else None
    assert url is not None
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as blocker:
        blocker.execute("SELECT FROM log_head FOR UPDATE")
        first = waiting.log.sequencer.submit(*claim())
        while waiting.log.sequencer.queue_age() < 1.1 or waiting.log.sequencer._queue:
            time.sleep(0.01)
        second = waiting.log.sequencer.submit(*claim())
        answer = upload(plain, "/v1/verifications", hostile_drawing)
        waited = waiting.log.sequencer.queue_age()
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert 2 <= int(answer.headers["retry-after"]) <= waited + 1
        assert plain.get("/readyz").json()["log"]["queue_age"] > 1
    first.result(20)
    second.result(20)
    assert upload(plain, "/v1/verifications", hostile_drawing).status_code == 201
