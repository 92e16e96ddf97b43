"""A page of another site watches the log in a real browser, and reads nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

ASK = """async ([url, options]) => {
  try {
    const answer = await fetch(url, options);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return {status: answer.status, tag: answer.headers.get("etag"), span: answer.headers.get("content-range"),
            text: new TextDecoder().decode(bytes)};
  } catch (error) { return {status: 0, tag: null, span: null, text: String(error)}; }
}"""


class _EmptyPages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "15")
        self.end_headers()
        self.wfile.write(b"<!doctype html>")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def elsewhere(browser: Browser) -> Iterator[Page]:
    """A page of another origin."""
    with HTTPServer(("127.0.0.1", 0), _EmptyPages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
            yield page
            page.close()
        finally:
            server.shutdown()
            thread.join()


def ask(page: Page, url: str, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = page.evaluate(ASK, [url, {"cache": "no-store", **options}])
    return answer


def test_it_reads_the_log(elsewhere: Page, service_url: str) -> None:
    checkpoint = ask(elsewhere, f"{service_url}/checkpoint")
    assert checkpoint["status"] == 200
    assert len(checkpoint["text"].splitlines()) >= 5
    asked = {"If-None-Match": checkpoint["tag"]}
    assert ask(elsewhere, f"{service_url}/checkpoint", headers=asked)["status"] == 304, "asked for first, and let in"
    part = ask(elsewhere, f"{service_url}/checkpoint", headers={"Range": "bytes=0-3"})
    assert (part["status"], part["text"]) == (206, checkpoint["text"][:4])
    assert part["span"] == f"bytes 0-3/{len(checkpoint['text'].encode())}"
    assert '"origin"' in ask(elsewhere, f"{service_url}/.well-known/artledger.json")["text"]
    missing = ask(elsewhere, f"{service_url}/tile/0/999")
    assert missing["status"] == 404
    assert "tile-not-found" in missing["text"]


def test_it_reads_and_sends_nothing_else(elsewhere: Page, service_url: str) -> None:
    for path in ("/v1/records", "/v1/openapi.json", "/log", "/healthz"):
        assert ask(elsewhere, service_url + path)["status"] == 0, path
    refused: list[dict[str, Any]] = [
        {"headers": {"Authorization": "Bearer alt_x"}}, {"credentials": "include"}, {"method": "POST", "body": "x"},
    ]  # fmt: skip
    for options in refused:
        assert ask(elsewhere, f"{service_url}/checkpoint", **options)["status"] == 0, options
