"""A whole portfolio: every entry is accounted for, an interruption costs nothing, and memory has a bound."""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.answers.corpus import IngestSummary
from ledger.app import Application, open_application
from ledger.corpus.labels import Unstated
from ledger.corpus.sources.portfolio import PortfolioSource
from ledger.corpus.work import Artist
from ledger.flows.progress import Progress, silent
from ledger.flows.works.ingest import Registrant
from tests.portfolios import NEW, TWIN, make_portfolio

MEMORY = 2 * 2**30
"""Of the process that registers, models included."""


@pytest.fixture
def ledger(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        yield opened


def _ingest(ledger: Application, folder: Path, artist: Artist, progress: Progress = silent) -> IngestSummary:
    source = PortfolioSource(folder, artist, Unstated(artist.name))
    return ledger.works.ingestion.run(source, progress, registrant=Registrant(artist.artist_id, lambda _: ()))


def _account(ledger: Application, folder: Path, entries: int, pictures: int) -> None:
    """Registers in two runs, the first of which is interrupted, and compares the summary with what was written."""
    fate = make_portfolio(folder, entries, pictures)
    assert len(fate) == entries
    artist = Artist(ledger.people.accounts.create("artist", "Ada").account_id, "Ada")

    def interrupt(stage: str, done: int, total: int | None) -> None:
        if stage == "registering works" and done >= pictures // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _ingest(ledger, folder, artist, interrupt)
    assert 0 < ledger.works.catalogue.stats().works < pictures
    summary = _ingest(ledger, folder, artist)
    told = {each.key: each.code for each in (*summary.refused, *summary.left_out)}
    assert told == {key: code for key, code in fate.items() if code not in (NEW, TWIN)}
    counts = Counter(fate.values())
    assert ledger.works.catalogue.stats().works == counts[NEW]
    assert summary.registered + summary.already_registered == counts[NEW] + counts[TWIN]
    assert {each.key for each in summary.registered_before} >= {key for key, code in fate.items() if code == TWIN}
    assert summary.found + len(summary.left_out) == entries


def test_a_portfolio_of_every_kind_of_entry(
    ledger: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr("ledger.flows.works.ingest.BATCH", 4)
    _account(ledger, tmp_path / "p", 300, 8)


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
def test_a_portfolio_of_10000_files(ledger: Application, tmp_path: Path) -> None:
    _account(ledger, tmp_path / "p", 10_000, 8_600)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < MEMORY
