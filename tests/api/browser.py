"""Chromium as a person has it, and the page's modules without a service around them."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.needs import chromium_program, require

STATIC = Path(__file__).parents[2] / "api" / "pages" / "static"
PATIENCE = 30_000
"""Milliseconds until what was expected counts as missing. The first picture loads models, beside other tests."""
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    require("chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def module_page(browser: Browser, origin: str = "http://localhost") -> Page:
    """An empty page of `origin` that can import /static/*.js, served from the files themselves."""

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        file = STATIC / name
        if not name or not file.is_file():
            route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>empty</title>")
            return
        kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0]
        route.fulfill(status=200, content_type=kind or "application/octet-stream", body=file.read_bytes())

    page = browser.new_page()
    page.route(f"{origin}/**", answer)
    page.goto(f"{origin}/")
    return page
