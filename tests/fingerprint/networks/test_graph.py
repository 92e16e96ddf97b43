"""Graphs: what they compute, what they refuse, and that they are safe to share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ledger.fingerprint.networks.graph import Floats, Graph, Network

PICTURES = np.random.default_rng(0).random((2, 3, 6, 4), np.float32)


def convolved(weights: dict[str, Floats]) -> Network:
    graph = Graph(weights)
    return graph.compile(graph.convolution("first", graph.input, stride=2, pads=(0, 0, 1, 1)))


def kernel(outputs: int = 5) -> dict[str, Floats]:
    rng = np.random.default_rng(1)
    return {
        "first.weight": rng.random((outputs, 3, 2, 2), np.float32),
        "first.bias": rng.random(outputs, np.float32),
        "another": rng.random(3, np.float32),
    }


def test_a_convolution_is_the_sum_that_it_should_be() -> None:
    weights = kernel()
    found = convolved(weights)(PICTURES)
    assert found.shape == (2, 5, 3, 2)
    part = PICTURES[1, :, 2:4, 0:2]
    assert found[1, 4, 1, 0] == pytest.approx(
        float((weights["first.weight"][4] * part).sum() + weights["first.bias"][4]), rel=1e-5
    )


def test_a_linear_layer_over_the_last_axis() -> None:
    weights = {"first.weight": np.eye(4, dtype=np.float32)[:3] * 2, "first.bias": np.arange(3, dtype=np.float32)}
    graph = Graph(weights)
    found = graph.compile(graph.linear("first", graph.input))(PICTURES)
    assert found == pytest.approx(PICTURES[..., :3] * 2 + [0, 1, 2], rel=1e-6)


def test_weights_that_are_missing_are_named() -> None:
    with pytest.raises(KeyError, match=r"first\.weight"):
        convolved({})


def test_weights_and_pictures_that_do_not_fit_are_refused() -> None:
    weights = kernel()
    with pytest.raises(ValueError, match="Conv"):
        convolved({**weights, "first.bias": np.zeros(9, np.float32)})(PICTURES)
    with pytest.raises(ValueError, match="2"):
        convolved(weights)(PICTURES[:, :2])


def test_threads_may_share_a_network() -> None:
    network = convolved(kernel())
    alone = [network(PICTURES[[index % 2]]) for index in range(40)]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda index: network(PICTURES[[index % 2]]), range(40)))
    assert all((one == other).all() for one, other in zip(alone, together, strict=True))
