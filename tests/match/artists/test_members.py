"""Classifiers as arrays: each computes what its training library computes, and refuses arrays that do not fit."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from ledger.match.artists.members import Forest, Linear, Neighbours, Perceptron, softmax

RNG = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return RNG.normal(size=shape).astype(np.float32)


def stump() -> Forest:
    """Two trees: `x0 <= 0` is class 0, else class 1 or 2; and one leaf that says class 2."""
    return Forest(
        roots=np.array([0, 3], np.int32),
        feature=np.array([0, -1, -1, -1], np.int32),
        threshold=np.zeros(4, np.float32),
        children=np.array([[1, 2], [0, 0], [0, 0], [0, 0]], np.int32),
        entries=np.array([0, 0, 1, 3, 4], np.int32),
        labels=np.array([0, 1, 2, 2], np.int32),
        shares=np.array([1, 0.5, 0.5, 1], np.float32),
        classes=3,
    )


def test_linear_and_perceptron() -> None:
    hidden, output, x = Linear(floats(4, 5), floats(5)), Linear(floats(5, 3), floats(3)), floats(7, 4)
    inner = np.maximum(x @ hidden.kernel + hidden.bias, 0)
    assert np.allclose(Perceptron(hidden, output).scores(x), inner @ output.kernel + output.bias, atol=1e-5)


def test_a_forest_votes() -> None:
    found = np.exp(stump().scores(np.array([[-1.0], [0.0], [2.0]], np.float32)))
    assert np.allclose(found, [[0.5, 0, 0.5], [0.5, 0, 0.5], [0, 0.25, 0.75]], atol=2e-3)
    assert stump().scores(np.zeros((0, 1), np.float32)).shape == (0, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("roots", [0, 9]),
        ("children", [[1, 0], [0, 0], [0, 0], [0, 0]]),
        ("entries", [0, 0, 3, 1, 4]),
        ("labels", [0, 1, 2, 3]),
        ("children", [[1, 4], [0, 0], [0, 0], [0, 0]]),
    ],
)
def test_a_forest_that_refers_to_what_is_not_there_is_refused(name: str, value: list[object]) -> None:
    with pytest.raises(ValueError, match="not there"):
        Forest.of({**stump().arrays(), name: np.array(value, np.int32)})
    assert Forest.of(stump().arrays()).classes == 3


def test_nearest_works_under_csls() -> None:
    works = np.eye(3, dtype=np.float32)
    near = Neighbours(works, np.array([0, 1, 1], np.int32), np.zeros(3, np.float32), np.array([1, 1], np.float32), 3)
    x = np.array([[0.0, 0.2, 1.0]], np.float32)
    scores = near.scores(x)[0]
    assert scores.argmax() == 1
    assert scores[2] == -2  # a class without works
    common = Neighbours(works, near.labels, np.array([0, 0, 3], np.float32), near.sharpness, 3)
    assert common.scores(np.array([[0.9, 0, 1]], np.float32))[0].argmax() == 0


def test_softmax_rows_sum_to_one() -> None:
    assert softmax(np.array([[1000.0, 0], [-1000, -1001]])).sum(axis=1) == pytest.approx([1, 1])


def test_serving_needs_no_training_library() -> None:
    code = (
        "import sys, ledger.match.artists.artifact, ledger.match.artists.reference;"
        "print(sorted({'torch', 'sklearn', 'scipy', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
