"""A whole training on made-up artists: it knows them again, says none for others, and can be interrupted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ledger.errors import InputError
from ledger.lab.train.artist.calibrating import fit_calibration, fit_temperature, log_loss
from ledger.lab.train.artist.candidates import candidates
from ledger.lab.train.artist.choice import FOLDS, MARGIN
from ledger.lab.train.artist.training import TrainedArtists, train_artists
from ledger.match.artists.artifact import read_artist_model, write_artist_model
from tests.match.artists.samples import SPECS, block_of, labelled, others

WORKS = labelled(5, 16, subjects=8) + others(60)
BLOCK = block_of(WORKS, spread=0.6)
QUICK = candidates(SPECS, quick=True)[:3]
_OUT = [row % 16 in (7, 15) if row < 80 else row % 3 == 1 for row in range(len(WORKS))]
"""One subject of each artist, and a third of the other artists."""
FIT = np.flatnonzero(~np.array(_OUT))
ASKED = np.flatnonzero(_OUT)


@pytest.fixture(scope="module")
def trained() -> TrainedArtists:
    return train_artists(BLOCK[FIT], [WORKS[row] for row in FIT], seed=1, tried=QUICK)


def test_it_knows_hands_and_says_none_for_others(trained: TrainedArtists) -> None:
    found = trained.model.probabilities(BLOCK[ASKED])
    known = ASKED < 80
    names = [trained.model.classes[place] for place in found[:, :-1].argmax(axis=1)]
    right = [name == WORKS[row].artist for name, row in zip(names, ASKED, strict=True)]
    assert np.mean(np.array(right)[known]) > 0.8
    assert found[~known, -1].mean() > found[known, -1].mean() + 0.3


def test_the_report_has_every_candidate(trained: TrainedArtists) -> None:
    report = trained.report
    assert {each["name"] for each in report["candidates"]} == {each.name for each in QUICK}
    assert sum(each["share"] for each in report["candidates"]) == pytest.approx(1, abs=1e-3)
    reached = [each["macro_top1"] for each in report["candidates"]]
    assert reached == sorted(reached, reverse=True)
    assert [each["share"] > 0 for each in report["candidates"]] == [value >= reached[0] - MARGIN for value in reached]
    assert report["artists"] == 5
    assert report["works_of_none"] > 10


def test_the_same_seed_gives_the_same_file(trained: TrainedArtists) -> None:
    again = train_artists(BLOCK[FIT], [WORKS[row] for row in FIT], seed=1, tried=QUICK)
    data = write_artist_model(trained.model)
    assert write_artist_model(again.model) == data
    assert read_artist_model(data).probabilities(BLOCK) == pytest.approx(trained.model.probabilities(BLOCK), abs=1e-5)


def test_it_can_be_interrupted_before_every_fit() -> None:
    class EndedError(Exception):
        pass

    said: list[str] = []

    def step(what: str) -> None:
        said.append(what)
        if len(said) == 3:
            raise EndedError

    with pytest.raises(EndedError):
        train_artists(BLOCK[FIT], [WORKS[row] for row in FIT], seed=1, tried=QUICK, step=step)
    assert "logistic" in said[-1]


def test_an_interrupted_training_goes_on_from_its_file(trained: TrainedArtists, tmp_path: Path) -> None:
    class EndedError(Exception):
        pass

    def train(end_at: int) -> tuple[TrainedArtists, list[str]]:
        said: list[str] = []

        def step(what: str) -> None:
            said.append(what)
            if len(said) == end_at:
                raise EndedError

        works = [WORKS[row] for row in FIT]
        return train_artists(BLOCK[FIT], works, seed=1, tried=QUICK, step=step, kept=tmp_path / "fits.jsonl"), said

    with pytest.raises(EndedError):
        train(6)
    resumed, said = train(-1)
    assert write_artist_model(resumed.model) == write_artist_model(trained.model)
    assert len(said) == 3 * FOLDS - 5 + sum(each["share"] > 0 for each in resumed.report["candidates"])
    assert len(train(-1)[1]) == sum(each["share"] > 0 for each in resumed.report["candidates"]), "the last fits only"


def test_the_curve_ends_with_what_all_works_reach() -> None:
    works = [WORKS[row] for row in FIT]
    report = train_artists(BLOCK[FIT], works, seed=1, tried=QUICK, curve=True).report
    sizes = [point["works"] for point in report["curve"]]
    assert sizes == sorted(set(sizes))
    assert sizes[0] == 3
    assert report["curve"][-1]["macro_top1"] == report["candidates"][0]["macro_top1"]
    assert report["curve"][0]["macro_top1"] < report["curve"][-1]["macro_top1"] + 0.02


def test_whom_it_names_for_others_is_counted(trained: TrainedArtists) -> None:
    counts = trained.report["named_for_others"]
    assert set(counts) <= set(trained.model.classes)
    assert sum(counts.values()) <= trained.report["judged_of_none"]


def test_labels_need_no_others_where_every_label_is_frequent() -> None:
    known = [row for row in FIT if row < 80]
    works = [WORKS[row] for row in known]
    made = train_artists(BLOCK[np.array(known)], works, seed=1, tried=QUICK, noun="genre", least_others=0)
    found = made.model.probabilities(BLOCK[np.array(known)])
    assert np.isfinite(found).all()
    assert found[:, -1].mean() < 0.2, "nothing says that none of them fits"


def test_without_other_artists_nobody_would_be_told_apart_from_strangers() -> None:
    with pytest.raises(InputError) as raised:
        train_artists(BLOCK[np.arange(84)], WORKS[:84], seed=1, tried=QUICK)
    assert raised.value.code == "too-few-others"


def test_features_of_other_works_are_refused() -> None:
    with pytest.raises(InputError) as raised:
        train_artists(BLOCK[FIT], WORKS[:5], seed=1)
    assert raised.value.code == "bad-features"


def test_temperature_and_open_set_are_fitted() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 2000)
    scores = rng.normal(0, 1, (2000, 4))
    scores[np.arange(2000), labels] += 1.5
    assert fit_temperature(3 * scores, labels, np.ones(2000)) == pytest.approx(
        3 * fit_temperature(scores, labels, np.ones(2000)), rel=0.02
    )
    powers = np.exp(3 * scores)
    averaged = powers / powers.sum(axis=1, keepdims=True)
    calibrated = fit_calibration(averaged, labels)(averaged)
    assert calibrated[:, 3].mean() == pytest.approx((labels == 3).mean(), abs=0.01)
    assert log_loss(calibrated, labels, np.ones(2000)) < log_loss(averaged, labels, np.ones(2000))
