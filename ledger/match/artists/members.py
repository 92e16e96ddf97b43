"""The classifiers that a model is made of, as arrays. They need NumPy only: training libraries stay in `ledger.lab`.

Each turns fused features, shape (n, dimension), into scores, shape (n, classes): the softmax of a row is a probability
for each class, before calibration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ledger.match.artists.features import Floats

Arrays = Mapping[str, NDArray[Any]]
MemberKind = Literal["linear", "perceptron", "forest", "neighbours"]
_TINY = 1e-12
_FLOOR = 1e-3
"""Probability that a vote without any voter counts as."""


class Classifier(Protocol):
    """A classifier of fused features."""

    kind: ClassVar[MemberKind]

    def scores(self, features: Floats) -> Floats:
        """Shape (n, classes)."""

    def arrays(self) -> Arrays:
        """What `of` makes it again from."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Multinomial logistic regression, or whatever else is linear."""

    kind: ClassVar[MemberKind] = "linear"
    kernel: Floats
    """Shape (dimension, classes)."""
    bias: Floats

    def scores(self, features: Floats) -> Floats:
        return np.asarray(features @ self.kernel + self.bias, np.float32)

    def arrays(self) -> Arrays:
        return {"kernel": self.kernel, "bias": self.bias}

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        return cls(_floats(arrays["kernel"], 2), _floats(arrays["bias"], 1))


@dataclass(frozen=True, slots=True)
class Perceptron:
    """A network with one hidden layer of rectified units."""

    kind: ClassVar[MemberKind] = "perceptron"
    hidden: Linear
    output: Linear

    def scores(self, features: Floats) -> Floats:
        return self.output.scores(np.maximum(self.hidden.scores(features), 0))

    def arrays(self) -> Arrays:
        layers = {"hidden": self.hidden, "output": self.output}
        return {f"{name}.{key}": each for name, layer in layers.items() for key, each in layer.arrays().items()}

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        hidden, output = (
            Linear.of({key: arrays[f"{name}.{key}"] for key in ("kernel", "bias")}) for name in ("hidden", "output")
        )
        return cls(hidden, output)


@dataclass(frozen=True, slots=True)
class Forest:
    """Decision trees, all nodes in one row of arrays. A leaf holds the shares of a few classes."""

    kind: ClassVar[MemberKind] = "forest"
    roots: NDArray[np.int32]
    """Node at which each tree begins, shape (trees,)."""
    feature: NDArray[np.int32]
    """Number that a node asks about; -1 at a leaf. Shape (nodes,)."""
    threshold: Floats
    """A value up to it goes left."""
    children: NDArray[np.int32]
    """Left and right, shape (nodes, 2); later nodes than their parent, so that no walk is endless."""
    entries: NDArray[np.int32]
    """Place in `labels` and `shares` where each node's entries begin, and the end. Shape (nodes + 1,)."""
    labels: NDArray[np.int32]
    shares: Floats
    classes: int

    def scores(self, features: Floats) -> Floats:
        votes = np.zeros((len(features), self.classes), np.float64)
        rows = np.arange(len(features))
        for root in self.roots:
            leaves = self._leaves(int(root), features, rows)
            counts = self.entries[leaves + 1] - self.entries[leaves]
            ends = np.cumsum(counts)
            places = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(
                self.entries[leaves] - ends + counts, counts
            )
            np.add.at(votes, (np.repeat(rows, counts), self.labels[places]), self.shares[places])
        return np.asarray(np.log(votes / max(1, len(self.roots)) + _FLOOR), np.float32)

    def _leaves(self, root: int, features: Floats, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        at = np.full(len(features), root, np.int32)
        walking = rows[self.feature[at] >= 0]
        while len(walking):
            nodes = at[walking]
            right = features[walking, self.feature[nodes]] > self.threshold[nodes]
            at[walking] = self.children[nodes, right.astype(np.int64)]
            walking = walking[self.feature[at[walking]] >= 0]
        return at

    def arrays(self) -> Arrays:
        names = ("roots", "feature", "threshold", "children", "entries", "labels", "shares")
        return {**{name: getattr(self, name) for name in names}, "classes": np.array([self.classes], np.int32)}

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        """Raises ValueError for arrays whose nodes, entries or labels are out of bounds."""
        roots, feature, entries, labels = (
            _whole(arrays[name], 1) for name in ("roots", "feature", "entries", "labels")
        )
        children = _whole(arrays["children"], 2)
        threshold, shares = _floats(arrays["threshold"], 1), _floats(arrays["shares"], 1)
        classes, nodes = int(_whole(arrays["classes"], 1)[0]), len(feature)
        inner = np.flatnonzero(feature >= 0)
        sound = (
            children.shape == (nodes, 2)
            and len(threshold) == nodes
            and len(entries) == nodes + 1
            and entries[0] == 0
            and entries[-1] == len(labels) == len(shares)
            and bool((np.diff(entries) >= 0).all())
            and bool(((roots >= 0) & (roots < nodes)).all())
            and bool(((labels >= 0) & (labels < classes)).all())
            and bool(((children[inner] > inner[:, None]) & (children[inner] < nodes)).all())
        )
        if not sound:
            raise ValueError("a tree refers to what is not there")
        return cls(roots, feature, threshold, children, entries, labels, shares, classes)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest works, by cosine minus how near a work is to others in general (CSLS, Conneau et al. 2018, 2.3)."""

    kind: ClassVar[MemberKind] = "neighbours"
    works: Floats
    """L2-normalised rows, shape (works, dimension). Means of artists, where prototypes are compared."""
    labels: NDArray[np.int32]
    levels: Floats
    """Mean cosine of each work to those nearest to it by others, shape (works,); zeros for plain cosines."""
    sharpness: Floats
    """What a nearness is multiplied by, and the number of nearest works that count for each class. Shape (2,)."""
    classes: int

    def scores(self, features: Floats) -> Floats:
        rows = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), _TINY)
        near = 2 * rows @ self.works.T - self.levels
        sharpness, count = float(self.sharpness[0]), int(self.sharpness[1])
        found = np.full((len(features), self.classes), -2.0, np.float32)
        for label in np.unique(self.labels):
            mine = near[:, self.labels == label]
            kept = min(count, mine.shape[1])
            found[:, label] = np.sort(mine, axis=1)[:, -kept:].mean(axis=1)
        return np.asarray(found * sharpness, np.float32)

    def arrays(self) -> Arrays:
        names = ("works", "labels", "levels", "sharpness")
        return {**{name: getattr(self, name) for name in names}, "classes": np.array([self.classes], np.int32)}

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        works, levels, sharpness = (
            _floats(arrays["works"], 2),
            _floats(arrays["levels"], 1),
            _floats(arrays["sharpness"], 1),
        )
        labels, classes = _whole(arrays["labels"], 1), int(_whole(arrays["classes"], 1)[0])
        if not len(works) == len(labels) == len(levels) or not ((labels >= 0) & (labels < classes)).all():
            raise ValueError("a work refers to a class that is not there")
        return cls(works, labels, levels, sharpness, classes)


MEMBERS: Mapping[MemberKind, Callable[[Arrays], Classifier]] = {
    Linear.kind: Linear.of,
    Perceptron.kind: Perceptron.of,
    Forest.kind: Forest.of,
    Neighbours.kind: Neighbours.of,
}


def softmax(scores: NDArray[Any]) -> NDArray[np.float64]:
    """Of each row."""
    wide = np.asarray(scores, np.float64)
    powers = np.exp(wide - wide.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)


def _floats(array: NDArray[Any], dimensions: int) -> Floats:
    if array.dtype != np.float32 or array.ndim != dimensions or not np.isfinite(array).all():
        raise ValueError("an array has another form")
    return array


def _whole(array: NDArray[Any], dimensions: int) -> NDArray[np.int32]:
    if array.dtype != np.int32 or array.ndim != dimensions:
        raise ValueError("an array has another form")
    return array
