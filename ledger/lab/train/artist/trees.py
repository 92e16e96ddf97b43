"""Extremely randomised trees (Geurts, Ernst and Wehenkel 2006), fitted by scikit-learn and kept as plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier

from ledger.match.artists.features import Floats
from ledger.match.artists.members import Forest

TREES = 200


def fit_forest(
    features: Floats,
    labels: NDArray[np.int64],
    classes: int,
    weights: NDArray[np.float64],
    *,
    seed: int,
    trees: int = TREES,
    least_in_leaf: int = 1,
) -> Forest:
    """One thread and one seed: the same input gives the same trees."""
    fitted = ExtraTreesClassifier(
        trees, min_samples_leaf=least_in_leaf, max_features="sqrt", random_state=seed, n_jobs=1
    ).fit(features, labels, sample_weight=weights)
    return join_trees([each.tree_ for each in fitted.estimators_], np.asarray(fitted.classes_, np.int32), classes)


def join_trees(trees: list[Any], known: NDArray[np.int32], classes: int) -> Forest:
    """`known`: the label of each column of the trees' values."""
    feature, threshold, children, entries, labels, shares, roots = [], [], [], [np.zeros(1, np.int64)], [], [], []
    offset = filled = 0
    for tree in trees:
        leaf = tree.children_left < 0
        roots.append(offset)
        feature.append(np.where(leaf, -1, tree.feature))
        # A value up to the threshold goes left. Rounding down to float32 keeps every float32 value on its side.
        threshold.append(_rounded_down(np.where(leaf, 0.0, tree.threshold)))
        below = np.stack([tree.children_left, tree.children_right], axis=1)
        children.append(np.where(leaf[:, None], 0, below + offset))
        value = tree.value[:, 0, :] * leaf[:, None]
        value = value / np.maximum(value.sum(axis=1, keepdims=True), 1e-300)
        nodes, columns = np.nonzero(value)
        entries.append(filled + np.cumsum(np.bincount(nodes, minlength=len(leaf))))
        labels.append(known[columns])
        shares.append(value[nodes, columns])
        offset, filled = offset + len(leaf), filled + len(nodes)
    return Forest(
        np.array(roots, np.int32),
        np.concatenate(feature).astype(np.int32),
        np.concatenate(threshold).astype(np.float32),
        np.concatenate(children).astype(np.int32),
        np.concatenate(entries).astype(np.int32),
        np.concatenate(labels).astype(np.int32),
        np.concatenate(shares).astype(np.float32),
        classes,
    )


def _rounded_down(values: NDArray[np.float64]) -> NDArray[np.float32]:
    near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float32)
