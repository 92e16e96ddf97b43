"""The service as `artledger serve` starts it, on a ledger on which nothing was registered yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.main import create


def test_an_empty_ledger_is_served_with_settings_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str
) -> None:
    monkeypatch.setenv("ARTLEDGER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    monkeypatch.setenv("ARTLEDGER_ORIGIN", "ledger.example/empty")
    with TestClient(create()) as client:
        assert client.get("/readyz").json()["ready"] is True
        assert client.get("/.well-known/artledger.json").json()["origin"] == "ledger.example/empty"
        for page in ("/", "/log"):
            assert client.get(page).status_code == 200
        found = client.get("/search", params={"q": "0" * 64})
        assert "We have no record of this file" in found.text
