"""Statistics of the copy network's channels at several depths: strokes and fills early, parts of drawings later.

The mean and deviation of each channel over all positions say how much of something there is, not where (Gatys, Ecker
and Bethge 2016 use the channels' products for the same purpose; of the first stages, these are taken too). The maps
come from the pass that makes the copy descriptor, so they cost little more than their sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ledger.fingerprint import copy_descriptor
from ledger.fingerprint.hand.canvas import Floats
from ledger.fingerprint.networks.efficientnet import STAGES

NAME = "depths"
VERSION = 1
"""Goes up with any change of what a number means."""
MOMENTS = 6
"""Stages whose means and deviations are taken, from the first."""
PRODUCTS = 3
"""Stages whose channels' correlations are taken, from the first: they grow with the square of the channels."""
_LEAST = 1e-3
"""Added to deviations, so that correlations with a constant channel are defined: they are 0."""
DIMENSION = sum(2 * stage.width for stage in STAGES[:MOMENTS]) + sum(
    stage.width * (stage.width - 1) // 2 for stage in STAGES[:PRODUCTS]
)


def depths(maps: Sequence[Floats]) -> Floats:
    """Shape (DIMENSION,). `maps`: outputs of at least MOMENTS stages for one picture, each (channels, h, w)."""
    numbers: list[Floats] = []
    products: list[Floats] = []
    for index, values in enumerate(maps[:MOMENTS]):
        flat = values.reshape(len(values), -1)
        mean = flat.mean(axis=1)
        centred = flat - mean[:, None]
        if index < PRODUCTS:
            covariance = centred @ centred.T / np.float32(flat.shape[1])
            deviation = np.sqrt(np.maximum(np.diag(covariance), 0))
            scale = deviation + np.float32(_LEAST)
            correlation = covariance / scale / scale[:, None]
            products.append(correlation[np.triu_indices(len(values), 1)])
        else:
            deviation = np.sqrt((centred * centred).mean(axis=1))
        numbers += [mean, deviation]
    return np.asarray(np.concatenate([*numbers, *products]), np.float32)


def describe() -> Mapping[str, object]:
    """What has to be equal for two vectors to be comparable: canonical JSON values."""
    return {
        "algorithm": "means, deviations and correlations of channels",
        "version": VERSION,
        "moments": MOMENTS,
        "products": PRODUCTS,
        "input_side": copy_descriptor.INPUT_SIDE,
        "weights": copy_descriptor.WEIGHTS_SHA256,
        "runtime": copy_descriptor.RUNTIME,
    }
