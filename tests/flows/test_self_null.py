"""Error rates from the corpus itself: made once, continued after an interruption, and computed again by an audit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ledger.app import Application
from ledger.flows.upkeep.self_null import SelfNulls, rule_digest
from ledger.match.ranking import shipped_ranking
from ledger.match.self_null.sample import SAMPLE_RULE
from tests.applications import ART, DRAWINGS, application_with
from tests.conftest import DatabaseUrl

SMALL = replace(SAMPLE_RULE, most=8, per_artist=2, least=4, least_works=20, least_artists=5)


class _InterruptedError(Exception):
    pass


@pytest.fixture(scope="module")
def ledger(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """The drawings, which are enough for a small sample."""
    with application_with(database_server, template, tmp_path_factory.mktemp("own") / "data", [ART]) as application:
        calibrations = application.pictures.calibrations
        assert calibrations.self_nulls is not None
        calibrations.self_nulls = replace(calibrations.self_nulls, rule=SMALL)
        calibrations.least_works = 20
        yield application


def aligned(ledger: Application) -> int:
    return len(ledger.store.null_queries.evidence(rule_digest(shipped_ranking())))


def self_nulls(ledger: Application) -> SelfNulls:
    found = ledger.pictures.calibrations.self_nulls
    assert found is not None
    return found


def test_a_corpus_gives_its_own_error_rates(ledger: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    calibrations = ledger.pictures.calibrations
    assert calibrations.recalibrate().unrelated == "shipped", "only asked for does it take the time"
    monkeypatch.setattr("ledger.flows.upkeep.self_null.BATCH", 3)

    def interrupt(stage: str, done: int, total: int | None) -> None:
        if stage == "aligning sampled works" and done:
            raise _InterruptedError

    with pytest.raises(_InterruptedError):
        calibrations.recalibrate(interrupt, from_corpus=True)
    before = aligned(ledger)
    assert before > 0
    stages: list[str] = []
    made = calibrations.recalibrate(lambda stage, *_: stages.append(stage), from_corpus=True)
    assert (made.unrelated, next(iter(made.bins))) == ("corpus", "all")
    assert 4 <= made.bins["all"] <= 8
    assert {"sampling works", "comparing sampled works", "aligning sampled works", "calibrating"} <= set(stages)
    assert not calibrations.recalibrate(from_corpus=True).made
    record = ledger.pictures.verify(DRAWINGS[4].read_bytes()).statement["predicate"]
    assert (record["calibration"], record["matches"][0]["n_null"]) == (made.digest, made.bins["all"])
    stored = ledger.store.calibrations.by_digest(made.digest)
    assert stored is not None
    document = json.loads(stored.document)
    assert document["self_null"]["per_artist"] == 2
    assert document["background"] == {"first": 4, "last": 15, "most": "0.600000"}
    count = aligned(ledger)
    assert before < count
    assert calibrations.recomputed(made.digest) == pytest.approx(0, abs=1e-4)
    assert aligned(ledger) == count, "nothing is aligned twice"
    assert calibrations.recomputed("0" * 64) is None


@pytest.mark.parametrize("rule", [{"least_works": 31}, {"least_artists": 31}, {"least": 9}], ids=str)
def test_a_corpus_that_is_too_small_is_not_compared_with_itself(ledger: Application, rule: dict[str, int]) -> None:
    own = replace(self_nulls(ledger), rule=replace(SMALL, **rule))
    assert own.measure(ledger.store.corpus.state(), shipped_ranking()) is None
