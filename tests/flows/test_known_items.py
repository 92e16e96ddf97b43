"""What is registered already is told by content: names, places and other people's words about a file change nothing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.answers.corpus import IngestSummary
from ledger.app import Application, open_application
from ledger.corpus.labels import Unstated
from ledger.corpus.sources.portfolio import PortfolioSource
from ledger.flows.people.principal import LOCAL
from ledger.record.keys import Signer
from tests.applications import DRAWINGS, query

A, B, C, D = DRAWINGS[:4]


@pytest.fixture
def empty(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        yield opened


def _folder(folder: Path, *rows: tuple[Path, str, str, str], name: str = "") -> Path:
    """Rows: drawing, artist, licence, uses. `name`: what the only drawing is called."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["file,title,artist,licence,allowed_uses"]
    for path, artist, licence, uses in rows:
        shutil.copy(path, folder / (name or path.name))
        lines.append(f"{name or path.name},T,{artist},{licence},{uses}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


def _ingest(ledger: Application, folder: Path, *, update_terms: bool = False) -> IngestSummary:
    return ledger.works.ingestion.run(ledger.works.open_source(str(folder)), update_terms=update_terms)


def _counts(summary: IngestSummary) -> tuple[int, int, int]:
    return summary.registered, summary.already_registered, len(summary.refused)


def _codes(summary: IngestSummary) -> dict[str, str]:
    return {each.key: each.code for each in summary.changed}


def test_the_same_name_elsewhere_is_another_work_and_a_moved_folder_none(empty: Application, tmp_path: Path) -> None:
    one = _folder(tmp_path / "one", (A, "Ada", "", ""), name="a.png")
    two = _folder(tmp_path / "two", (B, "Ada", "", ""), name="a.png")
    assert _counts(_ingest(empty, one)) == _counts(_ingest(empty, two)) == (1, 0, 0)
    moved = tmp_path / "moved"
    one.rename(moved)
    (moved / "a.png").rename(moved / "b.png")
    (moved / "labels.csv").write_text("file,title,artist\nb.png,T,Ada\n")
    summary = _ingest(empty, moved)
    assert _counts(summary) == (0, 1, 0)
    (before,) = summary.registered_before
    assert (before.key, before.source, before.source_key) == ("b.png", f"folder:{one}", "a.png")


def test_a_changed_file_is_told_and_becomes_a_work_of_its_own(
    empty: Application, tmp_path: Path, database_url: str
) -> None:
    folder = _folder(tmp_path / "art", (A, "Ada", "", ""), (B, "Ada", "", ""))
    first = _ingest(empty, folder).registered_ids[0]
    shutil.copy(C, folder / A.name)
    summary = _ingest(empty, folder)
    assert _counts(summary) == (1, 1, 0)
    (changed,) = summary.changed
    assert (changed.key, changed.code, changed.work_id) == (A.name, "file-changed", first)
    assert not empty.works.catalogue.work(first).withdrawn
    again = _ingest(empty, folder)
    assert (_counts(again), again.changed) == ((0, 2, 0), ())
    shutil.copy(D, folder / A.name)
    assert _counts(_ingest(empty, folder)) == (1, 1, 0), "a third file of that name"
    shutil.copy(A, folder / A.name)
    assert _counts(_ingest(empty, folder)) == (0, 2, 0), "the first is known"
    for table in ("work_vector", "work_local", "work_style"):
        query(database_url, f"DELETE FROM {table}")
    refreshed = empty.upkeep.refreshing.run("default")
    assert (refreshed.works, refreshed.refreshed) == (4, 2), "the two files that are there now"
    assert {each.code for each in refreshed.refused} == {"source-item-changed"}
    (folder / A.name).unlink()
    gone = _ingest(empty, folder)
    assert (_counts(gone), _codes(gone)) == ((0, 2, 0), {A.name: "file-missing"})


def test_a_file_called_like_a_changed_one_stops_nothing(empty: Application, tmp_path: Path, database_url: str) -> None:
    folder = _folder(tmp_path / "art", (A, "Ada", "", ""))
    _ingest(empty, folder)
    shutil.copy(C, folder / A.name)
    name = f"{A.name} (sha256 {hashlib.sha256(C.read_bytes()).hexdigest()[:16]})"
    shutil.copy(B, folder / name)
    with (folder / "labels.csv").open("a") as labels:
        labels.write(f"{name},T,Ada,,\n")
    assert _counts(_ingest(empty, folder)) == (2, 0, 0)
    assert _counts(_ingest(empty, folder)) == (0, 2, 0)
    assert query(database_url, "SELECT count(DISTINCT source_key) FROM work_detail") == [(3,)]


def test_changed_terms_are_told_and_recorded_on_request(empty: Application, tmp_path: Path) -> None:
    rows = [(A, "Ada", "CC-BY-4.0", "match|train"), (B, "Ada", "CC-BY-4.0", "match"), (C, "Ada", "CC-BY-4.0", "none")]
    folder = _folder(tmp_path / "art", *rows)
    works = dict(zip((A, B, C), _ingest(empty, folder).registered_ids, strict=True))
    _folder(folder, (A, "Ada", "CC-BY-4.0", "match"), (B, "Ada", "CC-BY-4.0", "match|style"), (C, "Ada", "", ""))
    told = _ingest(empty, folder)
    assert _counts(told) == (0, 3, 0)
    codes = {A.name: "terms-narrower", B.name: "terms-wider", C.name: "terms-none"}
    assert _codes(told) == codes
    assert all("--update-terms" in str(each.hint) and each.record_id is None for each in told.changed)
    assert empty.works.catalogue.stats().records.get("consent", 0) == 0
    updated = _ingest(empty, folder, update_terms=True)
    assert _codes(updated) == codes
    terms = {path: empty.works.catalogue.work(work_id) for path, work_id in works.items()}
    assert [terms[path].allowed_uses for path in (A, B, C)] == [("match",), ("match", "style"), ()]
    assert terms[C].licence == "LicenseRef-unknown"
    assert empty.works.catalogue.stats().records["consent"] == 3
    assert {empty.records.get(each.record_id).kind for each in updated.changed if each.record_id} == {"consent"}
    (rest,) = _ingest(empty, folder, update_terms=True).changed
    assert (rest.key, rest.code, rest.record_id) == (C.name, "terms-none", None), "a blank row allows nothing more"


def test_what_a_later_record_said_is_not_taken_back(empty: Application, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "art", (A, "Ada", "CC-BY-4.0", "match|train"))
    (work_id,) = _ingest(empty, folder).registered_ids
    empty.works.consents.change(work_id, LOCAL, ("match",))
    summary = _ingest(empty, folder, update_terms=True)
    assert _codes(summary) == {A.name: "terms-superseded"}
    assert empty.works.catalogue.work(work_id).allowed_uses == ("match",)


def test_another_set_with_the_same_file_changes_no_terms(empty: Application, tmp_path: Path) -> None:
    (work_id,) = _ingest(empty, _folder(tmp_path / "own", (A, "Ada", "CC-BY-4.0", "match"))).registered_ids
    summary = _ingest(empty, _folder(tmp_path / "other", (A, "Ada", "CC0-1.0", "match|train")), update_terms=True)
    assert (_counts(summary), _codes(summary)) == ((0, 1, 0), {A.name: "terms-changed"})
    assert "artledger artist consent" in str(summary.changed[0].hint)
    assert empty.works.catalogue.work(work_id).allowed_uses == ("match",)


def test_own_words_of_new_terms_are_kept_and_a_key_signs(empty: Application, tmp_path: Path) -> None:
    artist = empty.works.registering.artist(empty.people.accounts.create("artist", "Ada").account_id, LOCAL)
    key = Signer.generate()
    empty.people.keys.announce(artist.artist_id, key, LOCAL)
    folder = tmp_path / "p"
    folder.mkdir()
    shutil.copy(A, folder)

    def ingest(labels: str, signer: Signer | None = key) -> IngestSummary:
        (folder / "labels.csv").write_text(labels)
        source = PortfolioSource(folder, artist, Unstated("Ada"))
        return empty.works.registering.ingest(source, artist.artist_id, LOCAL, signer, update_terms=True)

    (work_id,) = ingest(f"file,title,terms\n{A.name},T,Ask me first\n").registered_ids
    (changed,) = ingest(f"file,title,terms\n{A.name},T,Never for money\n").changed
    assert changed.record_id is not None
    assert empty.works.catalogue.work(work_id).terms == "Never for money"
    assert key.keyid in str(empty.records.get(changed.record_id).to_json())


def test_another_artist_for_a_known_file_is_told(empty: Application, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "art", (A, "Ada", "", ""), (B, "Unknown Artist", "", ""))
    _ingest(empty, folder)
    _folder(folder, (A, "Ben", "", ""), (B, "n/a", "", ""))
    summary = _ingest(empty, folder)
    assert (_counts(summary), _codes(summary)) == ((0, 2, 0), {A.name: "artist-changed"})


def test_rows_of_an_older_ledger_are_recognised(empty: Application, tmp_path: Path, database_url: str) -> None:
    """Such as those of a data set that was named by a relative path, with an artist called Anonymous."""
    folder = _folder(tmp_path / "art", (A, "Ada", "", ""), (B, "Ben", "", ""))
    _ingest(empty, folder)
    query(database_url, "UPDATE work_detail SET source_name = 'hf:data.parquet@train', source_key = title || work_id")
    query(database_url, "UPDATE artist SET name = 'Anonymous' WHERE name = 'Ben'")
    _folder(folder, (A, "Ada", "", ""), (B, "unbekannt", "", ""))
    summary = _ingest(empty, folder)
    assert (_counts(summary), summary.changed) == ((0, 2, 0), ())
    assert {each.source for each in summary.registered_before} == {"hf:data.parquet@train"}
    assert query(database_url, "SELECT count(*) FROM work_detail") == [(2,)]


def test_twins_in_one_source_with_other_terms_are_told(empty: Application, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "art", (A, "Ada", "CC0-1.0", "match|train"))
    shutil.copy(A, folder / "twin.png")
    with (folder / "labels.csv").open("a") as labels:
        labels.write("twin.png,T,Ada,CC0-1.0,match\n")
    summary = _ingest(empty, folder)
    assert (_counts(summary), _codes(summary)) == ((1, 1, 0), {"twin.png": "terms-narrower"})
