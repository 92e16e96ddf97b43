"""Small changes that keep a drawing's subject: mirrored, recoloured, slightly smaller or moved."""

from __future__ import annotations

import cv2
import numpy as np

from ledger.image.canonical_image import Pixels


def vary(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A random variation. `pixels` and the result: shape (side, side, 3), RGB over white."""
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    if rng.random() < 0.4:
        pixels = recolour(np.ascontiguousarray(pixels), float(rng.uniform(20, 340)))
    if rng.random() < 0.7:
        pixels = moved(np.ascontiguousarray(pixels), rng)
    return np.ascontiguousarray(pixels)


def recolour(pixels: Pixels, degrees: float) -> Pixels:
    """Rotates every hue by `degrees`; white, black and grey stay."""
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int32) + round(degrees / 2)) % 180
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


def moved(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Scales to 0.8..1 of the size and shifts by up to 6%, on white."""
    side = pixels.shape[0]
    scale = float(rng.uniform(0.8, 1.0))
    aside = rng.uniform(-0.06, 0.06, size=2) * side
    centre = (1 - scale) * side / 2
    matrix = np.array([[scale, 0, centre + aside[0]], [0, scale, centre + aside[1]]])
    white = (255, 255, 255)
    return np.asarray(cv2.warpAffine(pixels, matrix, (side, side), flags=cv2.INTER_AREA, borderValue=white), np.uint8)
