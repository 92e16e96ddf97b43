"""Hard edits for training the copy descriptor: fast (OpenCV, small pictures), many kinds, one to five at once.

The kinds follow SSCD (Pizzi et al. 2022, section 4.3) and AugLy, and add the edits most common for clip art: pasted
small on photographs, put beside others in a collage, flattened on another ground, letterboxed, pixelated. Evaluation
uses separate edits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from ledger.image.canonical_image import Pixels
from ledger.lab.train.augmentation_edits import CONTENT, FINISH, Edit
from ledger.lab.train.augmentation_scenes import (
    WHOLE,
    Box,
    Other,
    blended,
    collage,
    letterbox,
    overlaid,
    paste_on,
    scattered,
    stickered,
)

_SCENES = ((0.22, paste_on), (0.31, collage), (0.36, scattered), (0.42, letterbox))
"""Up to which draw a picture becomes part of a scene."""
_COVERS = ((0.46, overlaid), (0.50, stickered), (0.54, blended))


def augment(picture: Pixels, other: Other, rng: Generator) -> tuple[Pixels, Box]:
    """The edited picture, and the box of the input's content in it. `other`: pictures for overlays and grounds."""
    for edit in _drawn(CONTENT, rng, int(rng.choice([0, 1, 2, 3], p=[0.25, 0.35, 0.25, 0.15]))):
        picture = edit(picture, rng)
    box = WHOLE
    chance = rng.random()
    for up_to, scene in _SCENES:
        if chance < up_to:
            picture, box = scene(picture, other, rng)
            break
    else:
        for up_to, cover in _COVERS:
            if chance < up_to:
                picture = cover(picture, other, rng)
                break
    for edit in _drawn(FINISH, rng, int(rng.choice([0, 1, 2], p=[0.45, 0.4, 0.15]))):
        picture = edit(picture, rng)
    return picture, box


def _drawn(edits: Sequence[tuple[Edit, float]], rng: Generator, count: int) -> list[Edit]:
    weights = np.array([weight for _, weight in edits])
    chosen = rng.choice(len(edits), size=count, replace=False, p=weights / weights.sum())
    return [edits[index][0] for index in chosen]
