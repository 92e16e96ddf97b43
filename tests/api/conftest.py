"""A real application over the thirty drawings of tests/data/art, and one work whose names mean harm."""

from __future__ import annotations

import csv
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi.testclient import TestClient
from PIL import Image
from playwright.sync_api import Browser

from api.app import create_app
from ledger.audit.checks import AuditVerdict
from ledger.audit.verifier import audit_bundle
from ledger.bootstrap import Application
from tests.api.browser import chromium
from tests.applications import ART, application_with
from tests.conftest import DatabaseUrl

HOSTILE_TITLE = '<script>alert(1)</script>"\u05e9\u05dc\u05d5\u05dd'
HERE = ("127.0.0.1", 50_000)
"""Requests from the service's own machine are not counted."""
RIGHT_TO_LEFT_OVERRIDE = "\u202e"
HOSTILE_ARTIST = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="session")
def hostile_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One picture (a drawing of the corpus, cropped) with names made to break a page."""
    folder = tmp_path_factory.mktemp("hostile")
    with Image.open(min(ART.glob("*.png"))) as picture:
        picture.crop((0, 0, picture.width // 2, picture.height // 2)).save(folder / "evil.png")
    with (folder / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "title", "artist", "licence"])
        rows.writerow(["evil.png", HOSTILE_TITLE + RIGHT_TO_LEFT_OVERRIDE, HOSTILE_ARTIST, "CC0-1.0"])
    return folder


@pytest.fixture(scope="session")
def application(
    database_server: DatabaseUrl, template: str, hostile_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    with application_with(
        database_server,
        template,
        tmp_path_factory.mktemp("data"),
        [ART, hostile_folder],
        max_image_bytes=2**20,
        publish_interval=0.2,
    ) as opened:
        yield opened


@pytest.fixture(scope="session")
def client(application: Application) -> Iterator[TestClient]:
    """The service in this process."""
    with TestClient(create_app(application), raise_server_exceptions=False, client=HERE) as opened:
        yield opened


@pytest.fixture(scope="module")
def service_url(application: Application) -> Iterator[str]:
    """The service over HTTP on loopback, publishing in the background as `artledger serve` does."""
    app = create_app(application, application.run_background)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, name="uvicorn")
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def drawing() -> bytes:
    """A file that is registered."""
    return sorted(ART.glob("*.png"))[3].read_bytes()


@pytest.fixture(scope="session")
def hostile_drawing(hostile_folder: Path) -> bytes:
    """The file of the work whose names mean harm."""
    return (hostile_folder / "evil.png").read_bytes()


@pytest.fixture(scope="session")
def verify_offline(application: Application) -> Callable[[bytes], bool]:
    """Whether a bundle passes the offline audit with the keys that the service names."""
    log_key = application.log_vkey
    record_keys = [bytes.fromhex(key) for key in application.record_keys]
    return lambda bundle: audit_bundle(bundle, log_key, record_keys).verdict is AuditVerdict.VERIFIED


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed after each file: while it is open, its event loop takes the place of any other in this thread."""
    with chromium() as opened:
        yield opened
