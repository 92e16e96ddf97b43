"""Multinomial logistic regression with an L2 penalty."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ledger.match.artists.features import Floats
from ledger.match.artists.members import Linear, softmax

Wide = NDArray[np.float64]
Labelled = NDArray[np.int64]
_ITERATIONS = 200
_TOLERANCE = 1e-5


def fit_logistic(features: Floats, labels: Labelled, classes: int, weights: Wide, *, ridge: float) -> Linear:
    """`features` (n, dimension), `weights` (n,) of the works, `ridge`: penalty of squared coefficients. Deterministic.

    The best coefficients are sums of rows of the features (Kimeldorf and Wahba 1971), so with more numbers than works
    the search goes through the rows' span, and costs as much as n numbers would.
    """
    mean = np.average(features, axis=0, weights=weights).astype(np.float64)
    centred = features - mean
    basis, inside = _span(centred)
    target = np.eye(classes)[labels]
    share = weights / weights.sum()

    def loss(flat: Wide) -> tuple[float, Wide]:
        parameters = flat.reshape(-1, classes)
        scores = inside @ parameters[1:] + parameters[0]
        top = scores.max(axis=1, keepdims=True)
        logs = np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0]
        value = float((share * (logs - (scores * target).sum(axis=1))).sum())
        error = (softmax(scores) - target) * share[:, None]
        slope = np.vstack([error.sum(axis=0), inside.T @ error + 2 * ridge * parameters[1:]])
        return value + ridge * float((parameters[1:] ** 2).sum()), slope.ravel()

    start = np.zeros((1 + inside.shape[1], classes))
    start[0] = np.log(share @ target + 1e-3)
    options = {"maxiter": _ITERATIONS, "gtol": _TOLERANCE}
    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options=options).x.reshape(-1, classes)
    kernel = basis @ found[1:]
    return Linear(np.asarray(kernel, np.float32), np.asarray(found[0] - mean @ kernel, np.float32))


def _span(centred: Wide) -> tuple[Wide, Wide]:
    """An orthonormal basis of the rows' span, shape (dimension, k), and the rows in it, (n, k)."""
    rows, columns = centred.shape
    if columns <= rows:
        return np.eye(columns), centred
    values, vectors = np.linalg.eigh(centred @ centred.T)
    kept = values > values[-1] * 1e-9
    lengths = np.sqrt(values[kept])
    return centred.T @ (vectors[:, kept] / lengths), vectors[:, kept] * lengths
