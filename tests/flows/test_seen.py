"""A generated picture's record is found by its bytes, its pixels, its file's digest, and an edited copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from ledger.answers.records import LookupAnswer
from ledger.app import Application, open_application
from ledger.flows.pictures.report import Operator
from ledger.settings import Settings
from tests.applications import ART, DRAWINGS, application_with, register
from tests.conftest import DatabaseUrl
from tests.flows.older import OlderApplication
from tests.generated import Generated, encoded, generated
from tests.match.drawings import drawing


@pytest.fixture(scope="module")
def ledger(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """Its own: what is generated here must not turn up elsewhere."""
    with application_with(database_server, template, tmp_path_factory.mktemp("data"), [ART]) as opened:
        yield opened


@pytest.fixture(scope="module")
def made(ledger: Application) -> Generated:
    for number in range(3):
        generated(ledger, drawing(50 + number, 128))
    return generated(ledger, drawing(40, 128))


def records(answer: LookupAnswer) -> list[str]:
    return [each.record_id for each in answer.records]


def test_a_stripped_recompressed_and_resized_file_finds_its_record(ledger: Application, made: Generated) -> None:
    before = ledger.store.entries.head()
    for file in (
        encoded(drawing(40, 128).resize((90, 90)), "JPEG", quality=60),
        encoded(drawing(40, 128).resize((300, 300)), "WEBP", quality=50),
        encoded(drawing(40, 128).crop((16, 8, 120, 112)), "JPEG", quality=80),
    ):
        answer = ledger.pictures.look_up(file)
        assert answer.records == ()
        (similar,) = answer.similar_records
        assert similar.record == ledger.records.get(made.record_id)
        assert similar.relation in ("near-duplicate", "partial-copy")
        assert similar.evidence is not None
        assert similar.evidence.inliers > 0
    assert ledger.store.entries.head() == before


def test_the_very_file_and_its_pixels_are_records_not_similar_ones(ledger: Application, made: Generated) -> None:
    answer = ledger.pictures.look_up(made.file)
    assert set(records(answer)) == {made.asset_id, made.record_id}
    assert answer.similar_records == ()
    stripped = ledger.pictures.look_up(encoded(drawing(40, 128), "PNG", compress_level=1))
    assert records(stripped) == [made.record_id]
    assert stripped.similar_records == ()


def test_the_digest_of_a_file_leads_to_its_generation(ledger: Application, made: Generated) -> None:
    digest = ledger.pictures.images.decode(made.file).sha256
    answer = ledger.pictures.lookups.by_sha256(digest)
    assert records(answer) == [made.asset_id, made.record_id]
    assert answer.reference == ledger.records.get(made.record_id).reference
    assert answer.similar_records == ()


def test_strangers_works_and_blank_pictures_find_nothing(ledger: Application, made: Generated) -> None:
    for file in (
        encoded(drawing(90, 128), "PNG"),
        DRAWINGS[4].read_bytes(),
        encoded(Image.new("RGB", (128, 128), "white"), "PNG"),
    ):
        assert ledger.pictures.look_up(file).similar_records == ()


def test_pictures_kept_by_an_earlier_version_are_found_after_a_refresh(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url)
    with OlderApplication(settings) as earlier:
        register(earlier, ART)
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as now:
        now.upkeep.refreshing.run("default")
        kept = generated(now, drawing(41, 128))
        edited = encoded(drawing(41, 128).resize((100, 100)), "JPEG", quality=60)
        assert [each.record.record_id for each in now.pictures.look_up(edited).similar_records] == [kept.record_id]
        # As if an earlier version had made it: only its small picture is left.
        with now.store.database.begin_as_owner() as connection:
            connection.exec_driver_sql("DELETE FROM seen_vector")
        assert now.pictures.look_up(edited).similar_records == ()
        now.upkeep.refreshing.run("default")
        assert [each.record.record_id for each in now.pictures.look_up(edited).similar_records] == [kept.record_id]


def test_a_reported_picture_is_found_again_too(ledger: Application) -> None:
    picture = encoded(drawing(60, 128), "PNG")
    operator = Operator(ledger.people.accounts.create("generator", "Painter 9").account_id)
    reported = ledger.pictures.reports.report(picture, "ab" * 32, operator)
    assert ledger.pictures.reports.report(picture, "ab" * 32, operator).repeated
    answer = ledger.pictures.look_up(encoded(drawing(60, 128).resize((90, 90)), "JPEG", quality=60))
    assert [each.record.record_id for each in answer.similar_records] == [reported.record_id]
    assert answer.similar_records[0].record.statement["predicate"]["origin_of_image"] == "reported"
