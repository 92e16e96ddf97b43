"""Every error is a problem document with a stable code, and tells nothing that is not the reader's business."""

from __future__ import annotations

import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.http import problems
from ledger.errors import (
    ConflictError,
    InputError,
    IntegrityError,
    LedgerError,
    NotFoundError,
    PushbackError,
    VerificationError,
)


def client_raising(error: Exception) -> TestClient:
    app = FastAPI()

    @app.get("/thing/{number}")
    def thing(number: int) -> None:
        raise error

    problems.install(app, lambda request, problem: None)
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InputError("blank"), 422, "input"),
        (InputError("big", code="too-large"), 413, "too-large"),
        (InputError("type", code="media-type"), 415, "media-type"),
        (VerificationError("sig", code="bad-signature"), 422, "bad-signature"),
        (VerificationError("path", code="bad-tile-path"), 404, "bad-tile-path"),
        (NotFoundError("gone", code="record-not-found"), 404, "record-not-found"),
        (ConflictError("taken", code="name-taken"), 409, "name-taken"),
        (ConflictError("old", code="database-not-migrated"), 503, "database-not-migrated"),
        (PushbackError("full", code="overloaded"), 503, "overloaded"),
        (PushbackError("slow", code="rate-limited"), 429, "rate-limited"),
        (IntegrityError("fork", code="forked"), 500, "forked"),
        (LedgerError("other"), 500, "error"),
    ],
)
def test_status_and_code_follow_the_error(error: LedgerError, status: int, code: str) -> None:
    response = client_raising(error).get("/thing/1")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert document == {
        "type": f"urn:artledger:problem:{code}",
        "title": document["title"],
        "status": status,
        "detail": error.message,
        "code": code,
        "instance": "/thing/1",
    }


def test_the_hint_comes_along_and_a_retry_says_when() -> None:
    response = client_raising(PushbackError("full", hint="later", retry_after=2.2)).get("/thing/1")
    assert response.json()["hint"] == "later"
    assert response.headers["retry-after"] == "3"


def test_validation_names_the_field_and_repeats_nothing() -> None:
    response = client_raising(InputError("x")).get("/thing/hunter2-secret")
    assert response.status_code == 422
    document = response.json()
    assert document["code"] == "invalid-request"
    assert document["errors"][0]["field"] == "path.number"
    assert "hunter2" not in json.dumps({key: document[key] for key in ("detail", "errors")})


def test_unknown_address_and_method() -> None:
    client = client_raising(InputError("x"))
    assert client.get("/nowhere").json()["code"] == "not-found"
    refused = client.put("/thing/1")
    assert refused.status_code == 405
    assert refused.json()["code"] == "method-not-allowed"
    assert refused.headers["allow"] == "GET"


def test_a_bug_shows_neither_trace_nor_message(caplog: pytest.LogCaptureFixture) -> None:
    response = client_raising(RuntimeError("postgresql://user:hunter2@host")).get("/thing/1")
    assert response.status_code == 500
    assert response.json()["code"] == "internal"
    assert "hunter2" not in response.text
    assert "RuntimeError" not in response.text
    assert "RuntimeError" in caplog.text  # the operator sees it
