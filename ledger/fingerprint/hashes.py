"""Perceptual hashes of the working picture, pHash (256 bits) and PDQ (256 bits), and of a query's other views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import imagehash
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from ledger.image.canonical_image import Pixels

PDQ_MINIMUM_QUALITY = 49
"""At or below this quality a PDQ hash is not used (ThreatExchange, hashing/pdq)."""

TURNED_SIDE = 128
"""Longest side, in pixels, of the picture whose turned views get PDQ hashes in a query."""
_HASH_SIZE = 16
_DCT_SIDE = 64
_DIHEDRAL = 8
_BORDER_TOLERANCE = 12
_LEAST_TRIMMED = 0.02
_LEAST_LEFT = 0.25


@dataclass(frozen=True, slots=True)
class Hashes:
    """Both hashes of one view; 32 bytes each, most significant bit first."""

    phash: bytes
    pdq: bytes
    pdq_quality: int


def hashes(pixels: Pixels) -> Hashes:
    """Hashes of one picture, shape (height, width, 3).

    pHash is `imagehash.phash(picture, hash_size=16)` (Zauner 2010); PDQ is Facebook's `pdqhash.compute`.
    """
    pdq, quality = _pdq(pixels)
    return Hashes(_phash(_dct_input(pixels)), pdq, quality)


def query_views(pixels: Pixels) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """pHashes and PDQ hashes of the eight dihedral views, the picture itself first, and of the picture without border.

    PDQ hashes at or below PDQ_MINIMUM_QUALITY are left out. Those of turned views are made from the picture at
    TURNED_SIDE pixels, which costs a tenth; half of them differ by 6 bits or fewer.
    """
    views = _view_hashes(pixels, _dihedral(_shrunk(pixels))[1:])
    return (
        tuple(view.phash for view in views),
        tuple(view.pdq for view in views if view.pdq_quality > PDQ_MINIMUM_QUALITY),
    )


def view_hashes(pixels: Pixels) -> tuple[Hashes, ...]:
    """Both hashes of each view of `query_views`.

    Each view is hashed separately: `pdqhash.compute_dihedral` derives all eight PDQ hashes from one transform, but is
    wrong by 50 bits or more for one rotated picture in ten (60 clip-art works).
    """
    return _view_hashes(pixels, _dihedral(pixels)[1:])


def _view_hashes(pixels: Pixels, turned: Sequence[Pixels]) -> tuple[Hashes, ...]:
    inner = trim_border(pixels)
    inputs = _dihedral(_dct_input(pixels)) + ([] if inner is None else [_dct_input(inner)])
    views = [pixels, *turned, *([] if inner is None else [inner])]
    return tuple(Hashes(_phash(small), *_pdq(view)) for small, view in zip(inputs, views, strict=True))


def _shrunk(pixels: Pixels) -> Pixels:
    """The picture with a longest side of at most TURNED_SIDE."""
    import cv2  # the spec takes constants from here, and needs no library of pictures

    height, width = pixels.shape[:2]
    scale = TURNED_SIDE / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def correlation(picture: Pixels, other: Pixels) -> float:
    """Correlation, in [-1, 1], of the small grey pictures that pHash transforms: the largest over the views of
    `picture`.

    Hashes keep only signs, so it is easy to make a pattern with a picture's pHash, and often nearly its PDQ hash. Such
    a pattern does not correlate: at most .65 with 30 drawings, like other drawings (.68). JPEG copies of quality 5,
    mirrored copies, and copies at three tenths of the size and quality 10 have .79 or more.
    """
    inner = trim_border(picture)
    views = _dihedral(_dct_input(picture)) + ([] if inner is None else [_dct_input(inner)])
    kept = _normalised(_dct_input(other))
    return max(float((_normalised(view) * kept).sum()) for view in views)


def _normalised(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    level = grey.astype(np.float64) - float(grey.mean())
    return level / (float(np.linalg.norm(level)) or 1.0)


def trim_border(pixels: Pixels) -> Pixels | None:
    """The picture without a border of nearly one colour (letterbox, passe-partout); None without a notable border.

    A row or column belongs to the border if no pixel in it differs from the corner's colour by more than a small
    tolerance. The border must take at least 2% of a side, and a quarter of the area must remain.
    """
    differs = (np.abs(pixels.astype(np.int16) - pixels[0, 0].astype(np.int16)) > _BORDER_TOLERANCE).any(axis=2)
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not rows.size:
        return None
    inner = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = pixels.shape[:2]
    trimmed = max(1 - inner.shape[0] / height, 1 - inner.shape[1] / width)
    left = inner.shape[0] * inner.shape[1] / (height * width)
    return np.ascontiguousarray(inner) if trimmed >= _LEAST_TRIMMED and left >= _LEAST_LEFT else None


def _dct_input(pixels: Pixels) -> NDArray[np.uint8]:
    """The grey 64x64 picture that pHash transforms. Rotating it costs a hundredth of rotating the picture."""
    grey = Image.fromarray(pixels).convert("L")
    return np.asarray(grey.resize((_DCT_SIDE, _DCT_SIDE), Image.Resampling.LANCZOS))


def _phash(dct_input: NDArray[np.uint8]) -> bytes:
    bits = imagehash.phash(Image.fromarray(dct_input), hash_size=_HASH_SIZE).hash
    return np.packbits(bits).tobytes()


def _pdq(pixels: Pixels) -> tuple[bytes, int]:
    bits, quality = pdqhash.compute(np.ascontiguousarray(pixels))
    return np.packbits(bits.astype(bool)).tobytes(), int(quality)


def _dihedral(picture: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Four rotations, then the four rotations of the mirror image."""
    mirrored = picture[:, ::-1]
    return [np.rot90(side, turns) for side in (picture, mirrored) for turns in range(_DIHEDRAL // 2)]
