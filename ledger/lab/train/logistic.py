"""Logistic regression with non-negative weights, so that a nearer pair never counts as further away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]


_RIDGE = 1e-4


def fit_nonnegative(design: Array, copies: NDArray[np.bool_], *, least: Array) -> tuple[float, Array]:
    """Intercept and weights, each at least `least` (shape (features,)), of log-odds linear in `design` (n, features).

    Copies and unrelated pictures have equal total weight, so the log-odds are a log Bayes factor. Deterministic.
    """
    balance = np.where(copies, 0.5 / copies.sum(), 0.5 / (~copies).sum())

    def loss(parameters: Array) -> tuple[float, Array]:
        odds = parameters[0] + design @ parameters[1:]
        value = (balance * (np.logaddexp(0, odds) - copies * odds)).sum() + _RIDGE * (parameters[1:] ** 2).sum()
        error = balance * (1 / (1 + np.exp(-odds)) - copies)
        return float(value), np.r_[error.sum(), design.T @ error + 2 * _RIDGE * parameters[1:]]

    start = np.r_[0.0, np.maximum(least, 0.1)]
    bounds = [(None, None), *((low, None) for low in least)]
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 2000})
    return float(found.x[0]), np.asarray(found.x[1:], np.float64)
