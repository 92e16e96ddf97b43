"""Each classifier learns what can be learnt, gives equal results for equal seeds, and its arrays say what its library
says."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression

from ledger.lab.train.artist.candidates import CandidateClassifier, candidates
from ledger.lab.train.artist.logistic import fit_logistic
from ledger.lab.train.artist.trees import fit_forest, join_trees
from ledger.match.artists.members import softmax
from tests.match.artists.samples import SPECS, block_of, labelled

WORKS = labelled(4, 12)
BLOCK = block_of(WORKS, spread=0.4)
LABELS = np.repeat(np.arange(4), 12)
EVEN = np.ones(48)


@pytest.mark.parametrize("candidate", candidates(SPECS), ids=lambda each: each.name)
def test_it_learns_and_repeats(candidate: CandidateClassifier) -> None:
    fusion, member = candidate.fitted(BLOCK, LABELS, 5, EVEN, 3)
    scores = member.scores(fusion(BLOCK))
    assert scores.shape == (48, 5)
    assert (scores.argmax(axis=1) == LABELS).mean() > 0.9
    again_fusion, again = candidate.fitted(BLOCK, LABELS, 5, EVEN, 3)
    assert (again.scores(again_fusion(BLOCK)) == scores).all()
    assert (scores[:, 4] < scores.max(axis=1)).all()  # nobody is in the last class


@pytest.mark.parametrize("name", [each.name for each in candidates(SPECS)])
def test_fewer_works_than_a_batch(name: str) -> None:
    candidate = next(each for each in candidates(SPECS) if each.name == name)
    rows = np.array([0, 12])
    fusion, member = candidate.fitted(BLOCK[rows], np.array([0, 1]), 3, np.ones(2), 1)
    assert np.isfinite(member.scores(fusion(BLOCK))).all()


def test_candidates_need_their_features() -> None:
    assert {each.name for each in candidates({"clip": 0, "vae": 0})} == {"network, clip and vae"}
    assert len(candidates(SPECS, quick=True)) < len(candidates(SPECS))


@pytest.mark.parametrize("dimension", [6, 80])
def test_logistic_regression_is_that_of_scikit_learn(dimension: int) -> None:
    rng = np.random.default_rng(dimension)
    x = (rng.normal(size=(48, dimension)) + LABELS[:, None] * np.eye(4, dimension)[LABELS]).astype(np.float32)
    ridge = 1e-2
    ours = softmax(fit_logistic(x, LABELS, 4, EVEN, ridge=ridge).scores(x))
    theirs = LogisticRegression(C=1 / (2 * ridge * 48), tol=1e-8, max_iter=5000).fit(x, LABELS).predict_proba(x)
    assert np.abs(ours - theirs).max() < 2e-3


def test_trees_as_arrays_are_those_of_scikit_learn() -> None:
    x = BLOCK.parts["technique"]
    known = np.array([0, 1, 3, 4])
    fitted = ExtraTreesClassifier(20, min_samples_leaf=3, random_state=5).fit(x, known[LABELS])
    forest = join_trees([each.tree_ for each in fitted.estimators_], known.astype(np.int32), 5)
    found = np.exp(forest.scores(x))
    assert np.allclose(found[:, known], fitted.predict_proba(x), atol=2e-3)
    assert np.allclose(found[:, 2], 0, atol=2e-3)
    assert len(fit_forest(x, LABELS, 4, EVEN, seed=1, trees=7).roots) == 7
