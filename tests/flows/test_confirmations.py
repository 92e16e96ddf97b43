"""A generated picture that waits for its confirmation: handed out once, and erased when nobody confirms it."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.app import Application
from ledger.errors import NotFoundError
from tests.applications import ART, application_with, query
from tests.conftest import DatabaseUrl
from tests.flows.generations import (
    PROMPT,
    statement,
)
from tests.generate.tiny import save_tiny_sd


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """With the thirty drawings registered, and a tiny pipeline that knows nothing."""
    generator, data = save_tiny_sd(tmp_path_factory.mktemp("tiny") / "sd"), tmp_path_factory.mktemp("data")
    with application_with(database_server, template, data, [ART], generator=str(generator)) as opened:
        yield opened


def test_a_picture_waits_for_its_confirmation_once(application: Application) -> None:
    flow = application.pictures.generation
    (image,) = flow.generate(flow.request(PROMPT, seed=21, steps=2), confirm=True)
    assert image.image is None
    assert image.confirmation is not None
    token = image.confirmation.token
    assert token not in repr(image)
    with ThreadPoolExecutor(4) as pool:
        outcomes = [pool.submit(application.pictures.handing_out.confirm, token) for _ in range(4)]
    handed_out = [each.result() for each in outcomes if each.exception() is None]
    assert len(handed_out) == 1
    assert {type(each.exception()) for each in outcomes} == {type(None), NotFoundError}
    asset = statement(application, handed_out[0].asset_record_id)
    assert asset.subject_sha256 == hashlib.sha256(handed_out[0].image).hexdigest()
    with pytest.raises(NotFoundError) as caught:
        application.pictures.confirm(token)
    assert caught.value.code == "confirmation-not-found"
    assert waiting(application) == 0


def test_a_confirmation_expires_and_its_picture_is_erased(application: Application) -> None:
    flow = application.pictures.generation
    hasty = dataclasses.replace(flow, handing_out=dataclasses.replace(flow.handing_out, confirmation_seconds=0.0))
    (image,) = hasty.generate(flow.request(PROMPT, seed=22, steps=2), confirm=True)
    assert image.confirmation is not None
    with pytest.raises(NotFoundError):
        application.pictures.confirm(image.confirmation.token)
    assert waiting(application) == 0
    with pytest.raises(NotFoundError):
        application.pictures.confirm("unknown")


def test_the_service_erases_what_nobody_confirmed(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = application.pictures.generation
    hasty = dataclasses.replace(flow, handing_out=dataclasses.replace(flow.handing_out, confirmation_seconds=0.0))
    hasty.generate(flow.request(PROMPT, seed=23, steps=2), confirm=True)
    assert waiting(application) == 1
    monkeypatch.setattr("ledger.app.upkeep.ERASE_EVERY", 0.01)
    with application.run_background():
        deadline = time.monotonic() + 30
        while waiting(application) and time.monotonic() < deadline:
            time.sleep(0.01)
    assert waiting(application) == 0


def waiting(application: Application) -> int:
    url = application.settings.database_url
    assert url is not None
    [(count,)] = query(url.get_secret_value(), "SELECT count(*) FROM pending_image")
    assert isinstance(count, int)
    return count
