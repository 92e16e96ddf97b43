"""Ingest: what is refused is named, nothing comes in twice, and an interruption costs nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ledger.app import Application, open_application
from ledger.errors import PushbackError
from ledger.flows.works import ingest
from ledger.storage.search.vector_indexes import ensure_indexes
from tests.applications import DRAWINGS, labelled, query, register


@pytest.fixture
def empty(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve drawings by two artists."""
    works = tmp_path / "works"
    works.mkdir()
    for path in DRAWINGS[:12]:
        shutil.copy(path, works)
    rows = [(path.name, path.stem, f"Artist {number % 2}") for number, path in enumerate(DRAWINGS[:12])]
    return labelled(works, rows)


CC_BY = [f"CC-BY-{version}" for version in ("4.0", "3.0", "2.5", "2.0", "1.0")]


def test_refusals_are_named_and_stop_nothing(empty: Application, folder: Path) -> None:
    (folder / DRAWINGS[0].name).write_bytes(b"")
    (folder / DRAWINGS[1].name).write_text("text")
    (folder / DRAWINGS[2].name).unlink()
    summary = empty.works.ingestion.run(empty.works.open_source(str(folder)))
    assert (summary.found, summary.registered, summary.already_registered) == (12, 9, 0)
    assert {refusal.key: refusal.code for refusal in summary.refused} == {
        DRAWINGS[0].name: "empty-file",
        DRAWINGS[1].name: "not-an-image",
        DRAWINGS[2].name: "file-missing",
    }
    assert all(refusal.reason for refusal in summary.refused)
    shutil.copy(DRAWINGS[2], folder)
    assert empty.works.ingestion.run(empty.works.open_source(str(folder))).registered == 1
    (folder / "labels.csv").write_text(f"file,title,artist,licence\n{DRAWINGS[3].name},T,Ann,CC BY\n")
    (refused,) = empty.works.ingestion.run(empty.works.open_source(str(folder))).refused
    assert (refused.code, refused.hint) == ("licence", f"Did you mean {', '.join(CC_BY[:-1])} or {CC_BY[-1]}?")


def test_the_same_bytes_by_the_same_artist_are_one_work(empty: Application, folder: Path, tmp_path: Path) -> None:
    register(empty, folder)
    again = tmp_path / "again"
    again.mkdir()
    for name in ("one.png", "two.png", "three.png"):
        shutil.copy(DRAWINGS[0], again / name)
    rows = [("one.png", "One", "Artist 0"), ("two.png", "Two", "Artist 1"), ("three.png", "Three", "Artist 1")]
    summary = register(empty, labelled(again, rows))
    assert (summary.registered, summary.already_registered) == (1, 2), "another artist's registration is another work"
    assert empty.works.catalogue.stats().records["registration"] == 13


def test_an_interrupted_ingest_goes_on(
    empty: Application, folder: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr(ingest, "BATCH", 4)
    seen: list[tuple[str, int, int | None]] = []

    def interrupt(stage: str, done: int, total: int | None) -> None:
        seen.append((stage, done, total))
        if stage == "registering works" and done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        empty.works.ingestion.run(empty.works.open_source(str(folder)), interrupt)
    assert seen == [("listing works", 0, None), ("registering works", 4, 12), ("registering works", 8, 12)]
    assert query(database_url, "SELECT count(*) FROM work_detail") == [(8,)]
    summary = register(empty, folder)
    assert (summary.registered, summary.already_registered) == (4, 8)


def test_the_search_indexes_of_a_large_corpus_are_built_in_sight(empty: Application, folder: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    build = partial(ensure_indexes, empty.store.database, empty.store.spec.digest, at_least=12)
    ingestion = replace(empty.works.ingestion, ensure_indexes=build)
    ingestion.run(empty.works.open_source(str(folder)), lambda *step: seen.append(step))
    indexes = 2 + len(empty.store.spec.dimensions)
    assert seen[-1] == ("indexing works", 12 * indexes, 12 * indexes), "two of hashes, one of each embedding"


def test_a_batch_that_the_disk_has_no_room_for_leaves_whole_batches(
    empty: Application, folder: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """The server itself says `disk full` (SQLSTATE 53100) in the third batch, after its leaves were inserted."""
    monkeypatch.setattr(ingest, "BATCH", 4)
    _ = empty.log.sequencer
    query(
        database_url,
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF (SELECT count(*) FROM preview) > 8 THEN RAISE EXCEPTION 'could not extend file: No space left on device'"
        " USING ERRCODE = '53100'; END IF; RETURN NULL; END $$",
    )
    query(
        database_url,
        "CREATE TRIGGER full_disk AFTER INSERT ON preview FOR EACH STATEMENT EXECUTE FUNCTION full_disk()",
    )
    with pytest.raises(PushbackError) as refused:
        empty.works.ingestion.run(empty.works.open_source(str(folder)))
    assert "disk" in f"{refused.value.message} {refused.value.hint}".lower()
    for table in ("work_detail", "preview", "work_vector", "work_local"):
        assert query(database_url, f"SELECT count(*) FROM {table}") == [(8,)], table
    assert query(database_url, "SELECT count(*), max(leaf_index) FROM entry") == [(9, 8)], "the key and eight works"
    query(database_url, "DROP TRIGGER full_disk ON preview")
    assert register(empty, folder).registered == 4
    assert empty.upkeep.administration.check().exit_code == 0


def test_works_beyond_the_wanted_number_are_not_called_registered(empty: Application, tmp_path: Path) -> None:
    for path in DRAWINGS[:4]:
        shutil.copy(path, tmp_path)
    labelled(tmp_path, [(path.name, path.stem, "Ada") for path in DRAWINGS[:4]])
    source = empty.works.open_source(str(tmp_path))
    for wanted, registered, already in ((1, 1, 0), (3, 2, 1), (3, 0, 3), (9, 1, 3)):
        summary = empty.works.ingestion.run(source, at_most=wanted)
        assert (summary.found, summary.registered, summary.already_registered) == (4, registered, already)
