"""A classifier of artists: members whose probabilities are averaged, then calibrated, with room for "none of these"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.match.artists.features import FeatureBlock, require_specs
from ledger.match.artists.fusion import Fusion
from ledger.match.artists.members import Classifier, softmax

Probabilities = NDArray[np.float64]
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Expert:
    """A member with the features that it sees."""

    name: str
    fusion: Fusion
    member: Classifier
    temperature: float
    """Its scores are divided by it, so that its probabilities are as sure as they should be."""
    weight: float
    """Its share in the average."""

    def probabilities(self, block: FeatureBlock) -> Probabilities:
        return softmax(self.member.scores(self.fusion(block)) / self.temperature)


@dataclass(frozen=True, slots=True)
class ArtistCalibration:
    """What makes averaged probabilities mean what they say, fitted on works of subjects that no member saw."""

    temperature: float
    """Of the artists' probabilities among themselves."""
    none_bias: float
    """Log-odds that the picture is by none of the artists = bias + slopes times `open_set_evidence`."""
    none_slopes: tuple[float, ...]

    def __call__(self, averaged: Probabilities) -> Probabilities:
        """Shape (n, artists + 1) as given; each row sums to 1, the last column is none."""
        artists = softmax(np.log(np.maximum(averaged[:, :-1], _LEAST)) / self.temperature)
        odds = self.none_bias + open_set_evidence(averaged) @ np.array(self.none_slopes)
        none = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
        return np.concatenate([artists * (1 - none)[:, None], none[:, None]], axis=1)


EVIDENCE = ("log-odds of none", "largest log probability of an artist", "spread over artists")


def open_set_evidence(averaged: Probabilities) -> Probabilities:
    """What speaks for none of the artists, shape (n, len(EVIDENCE)): it grows with the spread (entropy) and falls with
    the largest probability."""
    none = np.clip(averaged[:, -1], _LEAST, 1 - _LEAST)
    artists = np.maximum(averaged[:, :-1], _LEAST)
    shares = artists / artists.sum(axis=1, keepdims=True)
    spread = -(shares * np.log(shares)).sum(axis=1)
    return np.stack([np.log(none) - np.log1p(-none), np.log(artists.max(axis=1)), spread], axis=1)


@dataclass(frozen=True, slots=True)
class ArtistModel:
    """A trained classifier. It has no state."""

    classes: tuple[str, ...]
    """Ids of the artists, or the labels, in the order of the probabilities."""
    specs: Mapping[str, str]
    """Features that it needs -> digest of how they are computed."""
    experts: tuple[Expert, ...]
    calibration: ArtistCalibration

    def averaged(self, block: FeatureBlock) -> Probabilities:
        """Before calibration, shape (n, artists + 1)."""
        require_specs(self.specs, block)
        return average(self.experts, block)

    def probabilities(self, block: FeatureBlock) -> Probabilities:
        """Shape (n, artists + 1): of each artist, then of none of them. Rows sum to 1.

        Raises ConflictError (`spec-mismatch`) for features of another form.
        """
        return self.calibration(self.averaged(block))


def average(experts: tuple[Expert, ...], block: FeatureBlock) -> Probabilities:
    total = sum(expert.weight for expert in experts)
    parts = [expert.weight / total * expert.probabilities(block) for expert in experts]
    return np.asarray(np.sum(parts, axis=0), np.float64)
