"""Figures for Prometheus: at an address of their own, and only where the operator asked for them."""

from __future__ import annotations

import socket
import urllib.request
from urllib.error import URLError

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from ledger.app import Application
from ledger.settings import Settings


def test_figures_are_served_on_a_port_of_their_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/metrics"
    with TestClient(create_app(Application(Settings(metrics_port=port)))) as client:
        assert client.get("/v1/records/somebodys-secret").status_code == 422
        assert client.get("/metrics").json()["code"] == "not-found"
        with urllib.request.urlopen(url, timeout=10) as response:
            assert response.headers["content-type"].startswith("text/plain; version=")
            figures = response.read().decode()
    assert 'artledger_http_requests_total{method="GET",route="/v1/records/{record_id}",status="422"} 1.0' in figures
    assert "artledger_http_request_seconds_bucket" in figures
    assert "artledger_pictures_in_work 0.0" in figures
    assert "somebodys-secret" not in figures
    with pytest.raises(URLError):
        urllib.request.urlopen(url, timeout=10)


@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.7"])
def test_nobody_finds_them_at_the_public_address(address: str) -> None:
    with TestClient(create_app(Application(Settings())), client=(address, 50_000)) as client:
        for headers in ({}, {"x-forwarded-for": "127.0.0.1"}):
            assert client.get("/metrics", headers=headers).status_code == 404
