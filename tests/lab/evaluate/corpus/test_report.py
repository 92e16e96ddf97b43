"""Shares of works and of matches, and on whose works unrelated pictures land."""

from __future__ import annotations

import numpy as np
import pytest

from ledger.lab.evaluate.corpus.landings import landings
from ledger.lab.evaluate.corpus.report import Naming, compared, corpus_report, gini
from ledger.match.block import FingerprintBlock
from ledger.match.null_set import shipped_null_set
from ledger.match.ranking import shipped_ranking
from ledger.match.self_null.scores import WorkBlock
from ledger.storage.database import Database
from ledger.storage.works.spread import SpreadReader
from tests.storage.test_projections import consent, withdrawal
from tests.storage.works import register, stores_of


def test_gini_of_equal_and_of_one_sided_shares() -> None:
    assert gini([3, 3, 3]) == 0
    assert gini([0, 0, 0, 8]) == pytest.approx(3 / 4)
    assert gini([1, 3]) == pytest.approx(1 / 4)
    assert gini([0, 0]) is None
    assert gini([]) is None


def test_a_ratio_compares_with_the_share_of_the_works() -> None:
    even = compared(50, 200, 0.25)
    assert (even.share, even.ratio) == (0.25, 1)
    assert even.interval is not None
    assert even.interval[0] < 1 < even.interval[1]
    never = compared(0, 400, 0.25)
    assert never.interval is not None
    assert never.interval[1] == pytest.approx(0.038, abs=0.001)


@pytest.mark.parametrize(("count", "total", "share"), [(0, 0, 0.5), (3, 3, 0.0), (3, 3, None), (0, 2, 0.001)])
def test_too_little_is_not_compared(count: int, total: int, share: float | None) -> None:
    found = compared(count, total, share)
    assert (found.ratio, found.interval) == (None, None)
    assert found.count == count


def test_unrelated_pictures_land_on_the_works_that_are_nearest() -> None:
    """One work is like many null pictures, another is a null picture itself."""
    null = shipped_null_set()
    random = np.random.default_rng(3)
    copy = random.normal(size=(40, null.sources.copy.shape[1])).astype(np.float32)
    copy[0] = null.sources.copy.astype(np.float32).sum(axis=0)
    copy[1] = null.sources.copy[5]
    prints = FingerprintBlock(
        spec=null.spec,
        copy=(copy / np.linalg.norm(copy, axis=1, keepdims=True)).astype(np.float16),
        phash=random.integers(0, 2**63, (40, 4), np.uint64),
        pdq=random.integers(0, 2**63, (40, 4), np.uint64),
        pdq_quality=np.full(40, 100, np.uint8),
        complexity=np.full(40, 0.5, np.float32),
    )
    artists = ["usual", "copied", *(f"far {number % 3}" for number in range(38))]
    works = WorkBlock(prints, [f"w{number}" for number in range(40)], artists, ["-"] * 40)
    ranking = shipped_ranking().ranking()
    found = landings(null, [works], ranking)
    assert found.most_common(1)[0][0] == "usual"
    assert len(null) - 20 < found.total() < len(null), "the picture that the corpus contains is left out"
    assert landings(null, [_rows(works, slice(0, 20)), _rows(works, slice(20, 40))], ranking) == found


def _rows(works: WorkBlock, rows: slice) -> WorkBlock:
    whole = works.prints
    part = FingerprintBlock(
        spec=whole.spec,
        copy=whole.copy[rows],
        phash=whole.phash[rows],
        pdq=whole.pdq[rows],
        pdq_quality=whole.pdq_quality[rows],
        complexity=whole.complexity[rows],
    )
    return WorkBlock(part, works.work_ids[rows], works.artist_ids[rows], works.labels[rows])


def test_withdrawn_works_do_not_count_and_forbidden_ones_cannot_be_met(database: Database) -> None:
    stores = stores_of(database)
    works = register(stores, 6, artists=("Ada", "Ben"))
    ada = [work for work in works if work.artist_id == works[0].artist_id]
    stores.entries.append([withdrawal(1, ada[0].work_id), consent(2, ada[1].work_id, ())])
    reader = SpreadReader(database, stores.projector)
    found = corpus_report(reader, {"CC0-1.0": 5}, {works[1].artist_id: 30})
    assert (found.works, found.artists, found.matchable) == (5, 2, 4)
    by_name = {each.name: each for each in found.per_artist}
    assert {name: each.works for name, each in by_name.items()} == {"Ada": 2, "Ben": 3}
    assert by_name["Ada"].share == pytest.approx(1 / 4)
    assert by_name["Ben"].unrelated.ratio == pytest.approx(4 / 3)
    assert (found.gini_copies, found.artists_copied, found.works_copied) == (None, 0, 0)


def test_whom_classifiers_name_is_compared_too(database: Database) -> None:
    stores = stores_of(database)
    ada, ben = (work.artist_id for work in register(stores, 2, artists=("Ada", "Ben")))
    naming = Naming("d" * 64, records={ada: 30, ben: 10}, for_others={ben: 40})
    found = corpus_report(SpreadReader(database, stores.projector), {}, {}, naming)
    by_id = {each.artist_id: each for each in found.per_artist}
    assert found.classifier == "d" * 64
    assert by_id[ada].named.ratio == pytest.approx(1.5)
    assert by_id[ada].named_for_others.count == 0
    assert by_id[ben].named_for_others.ratio == pytest.approx(2)
