"""A classifier of artists in service: when it speaks, when it is silent, and what it may not be made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from ledger.app import Application, open_application
from ledger.errors import IntegrityError
from ledger.match.artists.artifact import write_artist_model
from ledger.record.ids import new_id
from tests.applications import ART, application_with
from tests.artist_models import artists, model, serve
from tests.conftest import DatabaseUrl
from tests.image.samples import save, textured


@pytest.fixture
def application(database_server: DatabaseUrl, template: str, tmp_path: Path) -> Iterator[Application]:
    with application_with(database_server, template, tmp_path / "data", [ART]) as opened:
        yield opened


def picture(seed: int) -> bytes:
    return save(textured(200, 160, seed), "PNG")


def blank() -> bytes:
    return save(Image.new("RGB", (200, 160), "white"), "PNG")


def reference(application: Application, data: bytes) -> dict[str, object] | None:
    found = application.pictures.verify(data).statement["predicate"]["artist_reference"]
    assert found is None or isinstance(found, dict)
    return found


def test_a_new_classifier_gives_a_new_record_and_the_same_one_does_not(application: Application) -> None:
    before = application.pictures.verify(picture(1))
    assert before.statement["predicate"]["artist_reference"] is None
    first = serve(application, model(artists(application)))
    after = application.pictures.verify(picture(1))
    assert not after.repeated
    assert after.statement["predicate"]["artist_reference"]["model"] == first.digest
    assert application.pictures.verify(picture(1)).record_id == after.record_id
    second = serve(application, model(tuple(reversed(artists(application)))))
    assert application.pictures.verify(picture(1)).statement["predicate"]["artist_reference"]["model"] == second.digest
    assert after.report is not None
    assert after.report.artist_reference is not None
    assert after.report.artist_reference.right_first is None, "no record says what it reached"


def test_of_a_plain_picture_it_says_nothing_and_the_record_stays(application: Application) -> None:
    before = application.pictures.verify(blank())
    serve(application, model(artists(application)))
    url = application.settings.database_url
    with open_application(data_dir=application.settings.data_dir, database_url=url) as another:
        assert another.pictures.verify(blank()).record_id == before.record_id
        assert "fingerprinter" not in vars(another.pictures), "asking often costs nothing"


def test_a_changed_file_is_refused(application: Application) -> None:
    stored = serve(application, model(artists(application)))
    other = write_artist_model(model(tuple(reversed(artists(application)))))
    with application.store.database.begin() as connection:
        connection.execute(sa.text("UPDATE classifier SET file = :file"), {"file": other})
    with pytest.raises(IntegrityError) as raised:
        application.pictures.verify(picture(2))
    assert raised.value.code == "bad-artist-model"
    application.store.classifiers.put(stored)
    assert reference(application, picture(2)) is not None


def test_one_that_needs_other_features_is_silent(application: Application) -> None:
    serve(application, model(artists(application), technique="0" * 64))
    assert reference(application, picture(3)) is None


def test_whoever_it_may_not_name_is_left_out(application: Application) -> None:
    known, stranger = artists(application)[:2], new_id()
    made = model((stranger, *known))
    serve(application, made)
    found = reference(application, picture(4))
    assert found is not None
    assert stranger not in str(found)
    assert float(str(found["none"])) > 0.5, "what the artist had goes to nobody"
    serve(application, replace(made, classes=(*known, stranger)))
    assert known[0] in str(reference(application, picture(4)))
