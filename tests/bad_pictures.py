"""Pictures that say too little to be compared, two files of each kind: other bytes, the same nothing to see."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image

from tests.image.samples import save, textured

KINDS = ("blank", "near-blank", "one-colour", "tiny", "long")
WORDS = {"blank": "blank", "near-blank": "blank", "one-colour": "blank", "tiny": "tiny", "long": "extremely long"}
"""What the note on each says."""


def not_comparable() -> Mapping[str, tuple[bytes, bytes]]:
    """Kind -> a file, and another of the same look."""
    return {
        "blank": (save(_plain("white", 300, 200), "PNG"), save(_plain("white", 640, 480), "JPEG")),
        "near-blank": (_specked(1), _specked(2)),
        "one-colour": (save(_plain("#b41e3c", 300, 200), "PNG"), save(_plain("#b41e3c", 300, 200), "WEBP")),
        "tiny": (save(textured(12, 12, 5), "PNG"), save(textured(12, 12, 5), "JPEG", quality=95)),
        "long": (save(textured(2400, 100, 6), "PNG"), save(textured(2400, 100, 6), "JPEG", quality=95)),
    }


def _plain(colour: str, width: int, height: int) -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def _specked(seed: int) -> bytes:
    """White with noise that nobody sees and one speck of dust."""
    noise = np.random.default_rng(seed).integers(250, 256, (300, 400, 3), dtype=np.uint8)
    noise[seed * 10 : seed * 10 + 3, 40:43] = 0
    return save(Image.fromarray(noise), "PNG")
