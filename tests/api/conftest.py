"""A real application over the thirty drawings of tests/data/art, and one work whose names mean harm."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from playwright.sync_api import Browser

from api.app import create_app
from ledger.app import Application
from ledger.audit.checks import AuditVerdict
from ledger.audit.verifier import audit_bundle
from tests.api.browser import chromium
from tests.api.serving import served
from tests.applications import ART, application_with
from tests.conftest import DatabaseUrl

HOSTILE_TITLE = '<script>alert(1)</script>"\u05e9\u05dc\u05d5\u05dd'
HERE = ("127.0.0.1", 50_000)
"""The service's own machine, as a proxy on it would ask, too."""
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
    with served(application) as url:
        yield url


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
    log_key = application.log.vkey
    record_keys = [bytes.fromhex(key) for key in application.log.record_keys]
    return lambda bundle: audit_bundle(bundle, log_key, record_keys).verdict is AuditVerdict.VERIFIED


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed after each file: while it is open, its event loop takes the place of any other in this thread."""
    with chromium() as opened:
        yield opened
