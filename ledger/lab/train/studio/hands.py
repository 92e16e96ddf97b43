"""What the image tower learns of how a picture is drawn, beside what it shows.

Numbers of the hand (`ledger.fingerprint.hand`) are computed from each picture, and nobody's name is needed for them.
The team that drew an emoji or icon set is known: sets show the same subjects, so only the hand tells them apart. The
names of OpenClipart's artists are not learned, because artists' works are what the model is measured on.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from torch import Tensor

from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.hand.hand import hand_prints, hand_spec
from ledger.lab.train.pictures import OPENCLIPART
from ledger.lab.train.studio.pictures import StudioPictures

HANDS = "hands.safetensors"
DIMENSION = 192
"""Numbers of the hand that are learned: the directions in which pictures differ most."""
_FARTHEST = 4.0
"""In deviations: rarer values say nothing more."""
_PART = 16
NO_TEAM = -100
"""The class that cross entropy ignores."""


def hands(pictures: StudioPictures, cache: Path) -> Tensor:
    """Shape (n, DIMENSION) or fewer columns for fewer pictures, each column with mean 0 and deviation 1.

    `cache` keeps the numbers of the same pictures, which take minutes to compute.
    """
    made_of = hashlib.sha256(repr((pictures.sha256, hand_spec())).encode()).hexdigest()
    kept = load_file(cache) if cache.exists() else {}
    if made_of not in kept:
        kept = {made_of: _measured(pictures)}
        save_file(kept, cache)
    return torch.from_numpy(_main_directions(kept[made_of]))


def teams(pictures: StudioPictures) -> Tensor:
    """The number of the team that drew each picture, shape (n,); NO_TEAM for OpenClipart's."""
    drawn_by = [name.partition("/")[0] for name in pictures.names]
    numbers = {team: number for number, team in enumerate(sorted(set(drawn_by) - {OPENCLIPART}))}
    return torch.tensor([numbers.get(team, NO_TEAM) for team in drawn_by])


def _measured(pictures: StudioPictures) -> NDArray[np.float32]:
    """The numbers as they are measured, shape (n, numbers)."""
    encoder = load_copy_encoder()
    starts = range(0, len(pictures), _PART)
    parts = [hand_prints(encoder, list(pictures.pixels[start : start + _PART])).parts for start in starts]
    kinds = [np.concatenate([part[kind] for part in parts]) for kind in sorted(parts[0])]
    # Each kind has the same say, however many numbers it has.
    return np.concatenate([_standardised(kind) / kind.shape[1] ** 0.5 for kind in kinds], axis=1)


def _standardised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    deviation = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    return np.asarray(scaled.clip(-_FARTHEST, _FARTHEST), np.float32)


def _main_directions(values: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = values - values.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    return _standardised(centred @ axes[:DIMENSION].T)
