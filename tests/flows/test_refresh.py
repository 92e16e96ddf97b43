"""A corpus that an earlier version fingerprinted is fingerprinted anew, from its sources, whatever came between."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.app import Application, open_application
from ledger.errors import ConflictError, NotFoundError
from ledger.flows.upkeep import refresh
from ledger.settings import Settings
from tests.applications import ART, DRAWINGS, register
from tests.e2e.corpora import assert_same, corpus_of
from tests.flows.older import OlderApplication

Reopen = Callable[[], Application]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A source of the test's own, to be changed."""
    return Path(shutil.copytree(ART, tmp_path / "works"))


@pytest.fixture
def old_spec(folder: Path, database_url: str, tmp_path: Path) -> str:
    """Digest of the spec under which an earlier version registered the folder."""
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url)
    with OlderApplication(settings) as earlier:
        register(earlier, folder)
        return earlier.store.spec.digest


@pytest.fixture
def updated(old_spec: str, database_url: str, tmp_path: Path) -> Iterator[Application]:
    """The same ledger under this version."""
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        assert opened.store.spec.digest != old_spec
        yield opened


def test_every_work_is_fingerprinted_anew_and_records_keep_their_spec(
    updated: Application, old_spec: str, application: Application, database_url: str
) -> None:
    summary = updated.upkeep.refreshing.run("default")
    assert (summary.works, summary.refreshed, summary.refused) == (len(DRAWINGS), len(DRAWINGS), ())
    assert summary.spec == updated.store.spec.digest
    registrations = updated.records.page(kind="registration").records
    assert {record.statement["predicate"]["fingerprint"]["spec"] for record in registrations} == {old_spec}
    fresh = application.settings.database_url
    assert fresh is not None
    refreshed = corpus_of(database_url, summary.spec)
    ingested = corpus_of(fresh.get_secret_value(), summary.spec)
    for key, copy in refreshed.copies.items():
        assert float(copy @ ingested.copies[key]) > 0.999, key
    assert {key: work[-2:] for key, work in refreshed.works.items()} == {
        key: work[-2:] for key, work in ingested.works.items()
    }
    answer = updated.pictures.verify(DRAWINGS[3].read_bytes())
    assert answer.report is not None
    assert answer.report.matches[0].relation == "exact"
    assert answer.statement["predicate"]["fingerprint"]["spec"] == summary.spec
    assert updated.upkeep.refreshing.run(summary.spec).works == 0, "nothing is left to do"


def test_an_interrupted_refresh_goes_on(
    updated: Application, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "BATCH", 8)

    def interrupt(stage: str, done: int, total: int | None) -> None:
        if done >= 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        updated.upkeep.refreshing.run("default", interrupt)
    rest = updated.upkeep.refreshing.run("default")
    assert (rest.works, rest.refreshed) == (len(DRAWINGS) - 16, len(DRAWINGS) - 16)
    assert len(corpus_of(database_url, rest.spec).works) == len(DRAWINGS)


def test_what_is_gone_or_changed_is_named_and_stays_registered(updated: Application, folder: Path) -> None:
    gone, changed, broken = DRAWINGS[0].name, DRAWINGS[1].name, DRAWINGS[2].name
    rows = (folder / "labels.csv").read_text().splitlines(keepends=True)
    (folder / "labels.csv").write_text("".join(row for row in rows if not row.startswith(f"{gone},")))
    shutil.copy(DRAWINGS[5], folder / changed)
    (folder / broken).write_bytes(b"")
    summary = updated.upkeep.refreshing.run("default")
    assert summary.refreshed == len(DRAWINGS) - 3
    codes = {refusal.key: refusal.code for refusal in summary.refused}
    assert codes == {gone: "source-item-gone", changed: "source-item-changed", broken: "empty-file"}
    assert updated.works.catalogue.stats().works == len(DRAWINGS)
    shutil.copytree(ART, folder, dirs_exist_ok=True)
    assert updated.upkeep.refreshing.run("default").refreshed == 3, "once the source is whole again, so is the corpus"


def test_a_source_that_is_gone_as_a_whole(updated: Application, folder: Path) -> None:
    shutil.rmtree(folder)
    summary = updated.upkeep.refreshing.run("default")
    assert summary.refreshed == 0
    assert {refusal.code for refusal in summary.refused} == {"folder-missing"}
    assert len(summary.refused) == len(DRAWINGS)


def test_before_the_refresh_nobody_is_told_that_nothing_is_close(updated: Application) -> None:
    """Registered works without a fingerprint of this version must not count as compared."""
    size = updated.works.catalogue.stats().tree_size
    for ask in (updated.pictures.verification.verify, updated.pictures.lookups.by_image):
        with pytest.raises(ConflictError) as refused:
            ask(DRAWINGS[3].read_bytes())
        assert refused.value.code == "corpus-not-refreshed"
        assert "artledger corpus refresh" in str(refused.value.hint)
    assert updated.works.catalogue.stats().tree_size <= size + 1, "nothing but this version's key was put on the log"


def test_a_spec_that_this_version_cannot_make(updated: Application, old_spec: str) -> None:
    with pytest.raises(NotFoundError) as refused:
        updated.upkeep.refreshing.run(old_spec)
    assert refused.value.code == "spec-not-found"
    assert updated.store.spec.digest in str(refused.value.hint)


def test_two_ledgers_of_the_same_folder_agree(application: Application) -> None:
    """What the comparison above rests on: a corpus equals itself."""
    url = application.settings.database_url
    assert url is not None
    corpus = corpus_of(url.get_secret_value(), application.store.spec.digest)
    assert_same(corpus, corpus)
