"""Compares an aligned pair of pictures tile by tile: does the query show the work where the transform puts it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ledger.image.canonical_image import Pixels
from ledger.match.geometry.agreement import Affine

TILES = 8
"""Tiles along each side of the work."""
FRAME = 192
"""Side, in pixels, of the square frame in which both pictures are compared."""
_TILE = FRAME // TILES
_DETAIL = 0.02
"""Least standard deviation of grey levels (0 to 1) of a tile with structure."""
_COVERED = 0.7
"""Share of a tile that must lie inside the query for the tile to be compared."""
_SHARPNESS = 1.2
_LEAST_SHRINK = 1.5


@dataclass(frozen=True, slots=True)
class Comparison:
    """Result of comparing an aligned pair; all numbers are over tiles of the work that the query covers."""

    covered: float
    """Share of the work's tiles that lie inside the query."""
    detailed: int
    """Tiles with structure in the work."""
    correlation: float
    """Mean correlation of grey levels or edges, whichever agrees, over tiles with structure in either picture."""
    tile_distance: float
    """Largest root mean squared difference over covered tiles, pixels in [0, 1] (Carlini et al. 2023)."""


def to_frame(width: int, height: int) -> Affine:
    """Maps pixels of a picture of that size to the comparison frame."""
    return np.array([[FRAME / width, 0.0, 0.0], [0.0, FRAME / height, 0.0]])


def framed(work: Pixels) -> NDArray[np.float32]:
    """The work in the comparison frame, shape (FRAME, FRAME, 3), values in [0, 1]."""
    return _smooth(cv2.resize(work, (FRAME, FRAME), interpolation=cv2.INTER_AREA))


class BlurredQuery:
    """A query, blurred as its comparisons need it: often twenty of them the same."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self._blurred: dict[float, Pixels] = {}

    def shrunk_by(self, factor: float) -> Pixels:
        """The picture without the detail that is lost when it is made smaller by this factor."""
        if factor <= _LEAST_SHRINK:
            return self.pixels
        sigma = round(0.5 * factor, 1)
        if sigma not in self._blurred:
            self._blurred[sigma] = np.asarray(cv2.GaussianBlur(self.pixels, (0, 0), sigma), np.uint8)
        return self._blurred[sigma]


def compare(
    work: NDArray[np.float32], work_size: tuple[int, int], query: BlurredQuery, transform: Affine
) -> Comparison:
    """`work` is `framed` from a picture of `work_size` (width, height); `transform` maps its pixels to the query's."""
    height, width = query.pixels.shape[:2]
    backward = chain(transform, inverse(to_frame(*work_size)))
    source = query.shrunk_by(float(np.sqrt(abs(np.linalg.det(backward[:, :2])))))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    aligned = _smooth(cv2.warpAffine(source, backward, (FRAME, FRAME), flags=flags, borderMode=cv2.BORDER_REPLICATE))
    inside = _floats(cv2.warpAffine(np.ones((height, width), np.float32), backward, (FRAME, FRAME), flags=flags))
    covered = _tiles(inside).mean(axis=1) >= _COVERED
    if not covered.any():
        return Comparison(0.0, 0, 0.0, 1.0)
    apart = work - aligned
    squared = np.einsum("ijk,ijk->ij", apart, apart) / apart.shape[2]
    distances = np.sqrt(_tiles(squared)[covered].mean(axis=1))
    first, second = _grey(work), _grey(aligned)
    structured, correlation = _structure(first, second, covered)
    return Comparison(
        covered=float(covered.mean()),
        detailed=int((_tiles(first).std(axis=1)[covered] > _DETAIL).sum()),
        correlation=float(correlation.mean()) if structured else 0.0,
        tile_distance=float(distances.max()),
    )


def chain(after: Affine, before: Affine) -> Affine:
    """The transform that applies `before`, then `after`."""
    return np.column_stack([after[:, :2] @ before[:, :2], after[:, :2] @ before[:, 2] + after[:, 2]])


def inverse(transform: Affine) -> Affine:
    """The inverse. Raises numpy.linalg.LinAlgError when the transform is singular."""
    linear = np.linalg.inv(transform[:, :2])
    return np.column_stack([linear, -linear @ transform[:, 2]])


def _structure(
    first: NDArray[np.float32], second: NDArray[np.float32], covered: NDArray[np.bool_]
) -> tuple[int, NDArray[np.float32]]:
    """Number of covered tiles with structure in either picture, and the correlation in each."""
    one, two = _tiles(first)[covered], _tiles(second)[covered]
    structured = np.maximum(one.std(axis=1), two.std(axis=1)) > _DETAIL
    levels = _correlation(one[structured], two[structured])
    edges = _correlation(_tiles(_edges(first))[covered][structured], _tiles(_edges(second))[covered][structured])
    return int(structured.sum()), np.maximum(levels, edges)


def _floats(array: NDArray[Any]) -> NDArray[np.float32]:
    """Narrows the type: OpenCV's stubs declare no element type."""
    return np.asarray(array, np.float32)


def _smooth(picture: NDArray[Any]) -> NDArray[np.float32]:
    """Converts 8-bit pixels to [0, 1], slightly blurred."""
    return _floats(cv2.GaussianBlur(_floats(picture) / 255, (0, 0), _SHARPNESS))


def _grey(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return _floats(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def _edges(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    magnitude = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return _floats(cv2.GaussianBlur(magnitude, (0, 0), _SHARPNESS))


def _tiles(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """The plane's tiles, shape (TILES * TILES, pixels of a tile)."""
    return plane.reshape(TILES, _TILE, TILES, _TILE).transpose(0, 2, 1, 3).reshape(TILES * TILES, _TILE * _TILE)


def _correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pearson correlation of the rows; 0 where one of them is constant."""
    one = first - first.mean(axis=1, keepdims=True)
    two = second - second.mean(axis=1, keepdims=True)
    scale = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    product: NDArray[np.float32] = (one * two).sum(axis=1) / np.maximum(scale, 1e-6)
    return product
