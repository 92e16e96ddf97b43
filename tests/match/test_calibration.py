"""Conformal p-values, probabilities, and the file they live in."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import canonical
from ledger.corpus.work import CorpusState
from ledger.errors import ConflictError, IntegrityError
from ledger.match.bins import LEAST_PER_BIN, LOWEST, Bin
from ledger.match.block import FingerprintBlock
from ledger.match.calibration import Calibration, calibrate
from ledger.match.null_set import NullSet, shipped_null_set
from ledger.match.probability import fit_odds
from ledger.match.ranking import shipped_ranking
from ledger.match.self_null.null_scores import SelfNull
from ledger.match.self_null.sample import SAMPLE_RULE
from tests.match.drawings import fingerprint

scores = st.lists(st.floats(-10, 10).map(lambda score: round(score, 6)), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def null_set() -> NullSet:
    return shipped_null_set()


@pytest.fixture(scope="module")
def calibration(null_set: NullSet) -> Calibration:
    return calibrate(null_set, [corpus_of(null_set, 60)], CorpusState(through=59, works=60), shipped_ranking())


def corpus_of(null_set: NullSet, works: int) -> FingerprintBlock:
    """Works that no null picture is a variant of: random directions and hashes."""
    dimension = null_set.background.shape[1]
    generator = np.random.default_rng(7)
    vectors = generator.normal(size=(works, dimension))
    block = FingerprintBlock.stack([fingerprint(seed, spec=null_set.spec) for seed in range(works)])
    return replace(block, copy=(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16))


@given(scores, st.floats(-11, 11))
def test_p_value_is_one_plus_those_at_least_as_high_over_n_plus_one(null: list[float], raw: float) -> None:
    placed = Bin("all", 1.1, np.sort(null), 1)

    assert placed.p_value(raw) == (1 + sum(score >= raw for score in null)) / (len(null) + 1)
    assert placed.p_value(raw) >= placed.floor


@given(scores, st.floats(0.001, 0.999))
def test_a_left_out_unrelated_picture_is_called_near_at_most_as_often_as_stated(
    scores_of_unrelated: list[float], alpha: float
) -> None:
    """The conformal guarantee, exactly: whichever of the exchangeable scores is the query's, P(p <= alpha) <= alpha."""
    called = 0
    for index, score in enumerate(scores_of_unrelated):
        rest = [*scores_of_unrelated[:index], *scores_of_unrelated[index + 1 :]]
        if rest:
            called += Bin("all", 1.1, np.sort(rest), 1).p_value(score) <= alpha

    assert called <= alpha * len(scores_of_unrelated) + 1e-9


@given(scores, st.floats(0.001, 0.999), st.floats(-11, 11))
def test_above_the_threshold_means_p_at_most_alpha(null: list[float], alpha: float, raw: float) -> None:
    placed = Bin("all", 1.1, np.sort(null), 1)
    threshold = placed.threshold(alpha)

    assert (placed.p_value(raw) <= alpha) == (threshold is not None and raw > threshold)


def test_every_complexity_has_a_bin(calibration: Calibration) -> None:
    assert [calibration.bin_of(value).name for value in (0.0, 0.3, 1.0)] == ["flat", "simple", "detailed"]
    assert all(item.n >= LEAST_PER_BIN for item in calibration.bins)


@given(st.floats(-25, 25), st.floats(0.01, 5))
@settings(max_examples=200)
def test_probability_increases_strictly_in_the_score(calibration: Calibration, score: float, more: float) -> None:
    low = calibration.probability(score)

    assert 0 < low < 1
    assert calibration.probability(score + more) > low


def test_the_best_scores_keep_their_order_in_six_digits(calibration: Calibration) -> None:
    written = [f"{calibration.probability(score):.6f}" for score in np.arange(5, 15, 0.2)]

    assert len(set(written)) == len(written)


@given(scores, st.integers(1, 5), st.floats(-11, 11))
def test_a_null_picture_drawn_several_times_counts_once(null: list[float], draws: int, score: float) -> None:
    once, often = Bin("all", 1.1, np.sort(null), 1), Bin("all", 1.1, np.sort(np.repeat(null, draws)), draws)

    assert often.p_value(score) == pytest.approx(once.p_value(score))
    assert (often.n, often.floor) == (once.n, once.floor)


def test_the_file_says_everything_and_reads_back(calibration: Calibration) -> None:
    again = Calibration.read(calibration.document)

    assert again.digest == calibration.digest
    assert [item.null.tolist() for item in again.bins] == [item.null.tolist() for item in calibration.bins]
    assert (again.corpus, again.alpha, again.ranking) == (
        calibration.corpus,
        calibration.alpha,
        calibration.ranking,
    )
    assert canonical.dumps(json.loads(calibration.document)) == calibration.document


def test_the_corpus_may_come_in_any_blocks(null_set: NullSet, calibration: Calibration) -> None:
    block = corpus_of(null_set, 60)
    parts = [
        FingerprintBlock(
            block.spec,
            block.copy[rows],
            block.phash[rows],
            block.pdq[rows],
            block.pdq_quality[rows],
            block.complexity[rows],
        )
        for rows in (slice(40, 60), slice(0, 40))
    ]

    cut = calibrate(null_set, parts, calibration.corpus, shipped_ranking())

    for one, other in zip(cut.bins, calibration.bins, strict=True):
        # Matrix products of other shapes differ in their last bits.
        np.testing.assert_allclose(one.null, other.null, atol=2e-6)


def _rows(block: FingerprintBlock, rows: slice) -> FingerprintBlock:
    return replace(
        block, **{name: getattr(block, name)[rows] for name in ("copy", "phash", "pdq", "pdq_quality", "complexity")}
    )


def test_levels_come_from_a_corpus_that_is_large_enough(null_set: NullSet, calibration: Calibration) -> None:
    """The file says so; and it does not depend on how the works come."""
    block, state, least = corpus_of(null_set, 60), calibration.corpus, 60
    assert (calibration.corpus_levels, json.loads(calibration.document)["background"]) == (False, None)
    whole = calibrate(null_set, [block], state, shipped_ranking(), least_works=least)
    parts = [_rows(block, slice(37, 60)), _rows(block, slice(0, 30)), _rows(block, slice(30, 37))]
    cut = calibrate(null_set, parts, state, shipped_ranking(), least_works=least)
    assert whole.corpus_levels
    assert json.loads(whole.document)["background"] == {"first": 4, "last": 15, "most": "0.600000"}
    assert Calibration.read(whole.document).corpus_levels
    for one, other, shipped in zip(cut.bins, whole.bins, calibration.bins, strict=True):
        np.testing.assert_allclose(one.null, other.null, atol=2e-5)
        assert not np.allclose(other.null, shipped.null, atol=1e-3)


def test_null_scores_of_the_corpus_itself_replace_those_of_the_null_set(
    null_set: NullSet, calibration: Calibration
) -> None:
    """The file says which works they are of, and the odds rest on both, by half."""
    own = SelfNull(("one", "two", "three"), np.array([0.5, -0.25, 3.0]), SAMPLE_RULE, left_out=4)
    made = calibrate(null_set, [corpus_of(null_set, 60)], calibration.corpus, shipped_ranking(), self_null=own)
    document = json.loads(made.document)
    assert document["self_null"] == {"edits": 1, "most": 1000, "per_artist": 20, "works": own.digest}
    assert (document["draws"], document["left_out"]) == (1, 4)
    [placed] = Calibration.read(made.document).bins
    assert (placed.name, placed.n, placed.null.tolist()) == ("all", 3, [-0.25, 0.5, 3.0])
    assert placed.p_value(1.0) == 2 / 4
    assert made.odds != calibration.odds
    document["draws"] = 3
    with pytest.raises(IntegrityError):
        Calibration.read(canonical.dumps(document))


def test_odds_are_of_a_first_match_that_is_right() -> None:
    """Copies and unrelated pictures are equally many. Half of the copies are far from their work: something else comes
    first, and a score as low as that of unrelated pictures says little."""
    random = np.random.default_rng(5)
    unrelated, copies = random.normal(0, 1, 4000), np.r_[random.normal(6, 1, 2000), random.normal(-6, 1, 2000)]
    odds = fit_odds(copies, [unrelated], 0.5)
    chance = [1 / (1 + np.exp(-np.interp(score, odds.knots, odds.values))) for score in (-6, 0.0, 2.0, 6.0)]
    assert chance[0] < 0.02
    assert chance[1] < 0.02
    assert chance[3] > 0.98
    own = random.choice(copies, 20_000)
    best = random.choice(unrelated, 20_000)
    asked = np.r_[np.maximum(own, best), random.choice(unrelated, 20_000)]
    right = np.r_[own > best, np.zeros(20_000, np.bool_)]
    said = 1 / (1 + np.exp(-np.interp(asked, odds.knots, odds.values)))
    assert said.mean() == pytest.approx(right.mean(), abs=0.02)


@pytest.mark.parametrize("version", [2, 3])
def test_files_of_earlier_versions_are_read(calibration: Calibration, version: int) -> None:
    """Records that name them stay verifiable."""
    document = json.loads(calibration.document)
    assert (document.pop("background"), document.pop("self_null")) == (None, None)
    if version == 2:
        assert (document.pop("spec"), document.pop("style")) == (calibration.spec, None)
    earlier = Calibration.read(canonical.dumps({**document, "version": version}))
    assert (earlier.spec, earlier.corpus_levels, earlier.style) == (calibration.spec, False, None)
    assert (earlier.latest, calibration.latest) == (False, True)
    assert [item.null.tolist() for item in earlier.bins] == [item.null.tolist() for item in calibration.bins]
    with pytest.raises(IntegrityError):
        Calibration.read(canonical.dumps({**document, "background": None, "version": version}))


def _set(path: list[str | int], value: object) -> Any:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set(["surprise"], 1),
        _set(["version"], 1),
        _set(["corpus", "works"], -1),
        _set(["corpus", "works"], "60"),
        _set(["bins", 0, "null", 0], "1e3"),
        _set(["bins", 0, "null", 0], "999.000000"),
        _set(["bins", 0, "below"], "1.200000"),
        _set(["bins"], []),
        _set(["odds", "values", 0], "99.000000"),
        _set(["background"], {"first": 1, "last": 15, "most": "0.600000"}),
        _set(["draws"], 0),
        _set(["draws"], 7),
        _set(["ranking", "cosine", "values", 0], "9.000000"),
        _set(["ranking", "spec"], "ABC"),
    ],
)
def test_a_changed_file_is_refused(calibration: Calibration, change: Any) -> None:
    document = json.loads(calibration.document)
    change(document)

    with pytest.raises(IntegrityError) as caught:
        Calibration.read(canonical.dumps(document))
    assert caught.value.code == "bad-calibration"


def test_another_spelling_of_the_file_is_refused(calibration: Calibration) -> None:
    with pytest.raises(IntegrityError):
        Calibration.read(calibration.document + b"\n")


def test_null_pictures_that_the_corpus_contains_are_left_out(null_set: NullSet) -> None:
    inside = np.flatnonzero(null_set.sources.pdq_quality >= 50)[:3]
    images = null_set.queries.images
    works = FingerprintBlock(
        spec=null_set.spec,
        copy=null_set.sources.copy[inside],
        phash=null_set.sources.phash[inside],
        pdq=null_set.sources.pdq[inside],
        pdq_quality=null_set.sources.pdq_quality[inside],
        complexity=images.complexity[inside],
    )

    made = calibrate(null_set, [works], CorpusState(through=2, works=3), shipped_ranking())

    left_out = json.loads(made.document)["left_out"]
    assert left_out == int(null_set.contained_in(works).sum()) >= 3
    assert sum(item.n for item in made.bins) == len(null_set) - left_out


def test_an_empty_corpus_has_a_calibration(null_set: NullSet) -> None:
    made = calibrate(null_set, [], CorpusState(through=-1, works=0), shipped_ranking())

    assert {score for item in made.bins for score in item.null.tolist()} == {LOWEST}
    assert 0 < made.probability(1.0) < 1


def test_a_corpus_of_another_spec_is_refused(null_set: NullSet) -> None:
    other = FingerprintBlock.stack([fingerprint(1, spec="6" * 64)])

    with pytest.raises(ConflictError) as caught:
        calibrate(null_set, [other], CorpusState(through=0, works=1), shipped_ranking())
    assert caught.value.code == "spec-mismatch"
