"""The other picture that a query may be an altered form of: with its ground over white, or in inverted colours.

Programs flatten transparent works on a colour of their own, and no work is stored over every colour. So where the
border of a query has one colour, that colour is replaced. On black, the query may be a negative.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ledger.image.canonical_image import Pixels

QueryView = Literal["ground", "negative"]
GROUND_SHARE = 0.6
"""Share of the border's pixels that must have the ground's colour."""
GROUND_LEVELS = 24
"""Levels, of 255, by which a channel may differ from the ground's colour."""
_BORDER = 0.01
_NEAR_END = 40
"""Grounds nearer to white or black than this need no other view: works are compared over both."""
_MOSTLY = 0.95
_SOFT = 0.8
"""Standard deviation, in pixels, of the blur by which the new ground meets what is drawn."""


def other_picture(working: Pixels) -> tuple[QueryView, Pixels] | None:
    """The picture that is compared beside a query, from the query's working picture: its negative, if its ground is
    nearly black, as that of a negative mostly is; else the query over a plain ground. None if there is neither."""
    ground = _ground(working)
    if ground is not None and ground.max() < _NEAR_END:
        return "negative", negative_of(working)
    replaced = over_plain_ground(working)
    return None if replaced is None else ("ground", replaced)


def negative_of(working: Pixels) -> Pixels:
    return 255 - working


def over_plain_ground(working: Pixels) -> Pixels | None:
    """The picture with its ground in white; or in black, if nearly all that is drawn is brighter than the ground. None
    where the border has no single colour, or one that is white or black already."""
    ground = _ground(working)
    if ground is None or ground.min() > 255 - _NEAR_END or ground.max() < _NEAR_END:
        return None
    levels = working.astype(np.int16) - ground
    clear = np.abs(levels).max(axis=2) <= GROUND_LEVELS
    if clear.all():
        return None
    brighter = (levels.sum(axis=2)[~clear] > 0).mean()
    target = 0 if brighter > _MOSTLY else 255
    share = cv2.GaussianBlur(clear.astype(np.float32), (0, 0), _SOFT)[..., None]
    replaced = working.astype(np.float32) + share * (target - ground.astype(np.float32))
    replaced[clear] = target
    result: Pixels = np.clip(np.round(replaced), 0, 255).astype(np.uint8)
    return result


def _ground(working: Pixels) -> NDArray[np.int16] | None:
    wide = max(1, round(_BORDER * max(working.shape[:2])))
    sides = (working[:wide], working[-wide:], working[:, :wide], working[:, -wide:])
    border = np.concatenate([side.reshape(-1, 3) for side in sides]).astype(np.int16)
    ground = np.median(border, axis=0).astype(np.int16)
    alike = np.abs(border - ground).max(axis=1) <= GROUND_LEVELS
    return ground if alike.mean() >= GROUND_SHARE else None
