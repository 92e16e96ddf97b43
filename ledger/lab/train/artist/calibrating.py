"""Fits what makes probabilities mean what they say, on predictions for works of subjects that no classifier saw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from ledger.match.artists.members import softmax
from ledger.match.artists.model import ArtistCalibration, open_set_evidence

Wide = NDArray[np.float64]
Labelled = NDArray[np.int64]
_COLDEST, _WARMEST = np.log(0.05), np.log(20.0)
"""Bounds of the logarithm of a temperature."""
_LEAST = 1e-9
_RIDGE = 1e-3
"""Keeps the open set's few coefficients finite where known and unknown works can be told apart perfectly."""


def fit_temperature(scores: Wide, labels: Labelled, weights: Wide) -> float:
    """The temperature of least log loss (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        return log_loss(softmax(scores / np.exp(log_temperature)), labels, weights)

    return float(np.exp(minimize_scalar(loss, bounds=(_COLDEST, _WARMEST), method="bounded").x))


def log_loss(probabilities: Wide, labels: Labelled, weights: Wide) -> float:
    """Weighted mean of minus the logarithm of the right class's probability."""
    right = np.maximum(probabilities[np.arange(len(labels)), labels], _LEAST)
    return float(np.average(-np.log(right), weights=weights))


def fit_calibration(averaged: Wide, labels: Labelled) -> ArtistCalibration:
    """`averaged`: shape (n, artists + 1); the last label is that of none. Every work counts once: probabilities are
    those of a picture that comes like these works, and no artist is made likelier than that."""
    none = averaged.shape[1] - 1
    known = labels < none
    temperature = 1.0
    if known.any():
        scores = np.log(np.maximum(averaged[known, :none], _LEAST))
        temperature = fit_temperature(scores, labels[known], np.ones(int(known.sum())))
    bias, slopes = _open_set(open_set_evidence(averaged), ~known)
    return ArtistCalibration(temperature, bias, slopes)


def _open_set(evidence: Wide, unknown: NDArray[np.bool_]) -> tuple[float, tuple[float, ...]]:
    """Logistic regression of whether a work is by none of the artists."""
    centre, scale = evidence.mean(axis=0), np.maximum(evidence.std(axis=0), 1e-6)
    design = np.c_[np.ones(len(evidence)), (evidence - centre) / scale]

    def loss(parameters: Wide) -> tuple[float, Wide]:
        odds = design @ parameters
        penalty = np.r_[0.0, parameters[1:]]
        value = float((np.logaddexp(0, odds) - unknown * odds).mean() + _RIDGE * (penalty**2).sum())
        return value, design.T @ (1 / (1 + np.exp(-odds)) - unknown) / len(odds) + 2 * _RIDGE * penalty

    found = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B").x
    slopes = found[1:] / scale
    return float(found[0] - slopes @ centre), tuple(float(each) for each in slopes)
