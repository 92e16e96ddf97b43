"""Drawings made on the spot, reproducible from a number, and fingerprints made up for tests of arithmetic."""

from __future__ import annotations

import random

import numpy as np
from PIL import Image, ImageDraw

from ledger.fingerprint.fingerprint import Fingerprint, QueryFingerprint
from ledger.image.canonical_image import Pixels

SPEC = "5" * 64


def drawing(number: int, side: int = 512) -> Image.Image:
    """Forty polygons and ellipses in random colours: structure everywhere, no two numbers alike."""
    rng = random.Random(number)
    image = Image.new("RGB", (side, side), (rng.randrange(256), rng.randrange(256), rng.randrange(256)))
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        fill = (rng.randrange(256), rng.randrange(256), rng.randrange(256))
        x, y, size = rng.uniform(0, side), rng.uniform(0, side), rng.uniform(side / 20, side / 5)
        if rng.random() < 0.5:
            draw.ellipse((x - size, y - size / 2, x + size, y + size / 2), fill=fill)
        else:
            corners = [(x + rng.uniform(-size, size), y + rng.uniform(-size, size)) for _ in range(5)]
            draw.polygon(corners, fill=fill)
    return image


def pixels(image: Image.Image, side: int | None = None) -> Pixels:
    """The picture's pixels, longest side at most `side`."""
    if side is not None:
        image = image.copy()
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return np.asarray(image.convert("RGB"))


def fingerprint(seed: int, *, spec: str = SPEC, complexity: float = 0.5, pdq_quality: int = 100) -> Fingerprint:
    """Random hashes and a random direction of 16 dimensions."""
    generator = np.random.default_rng(seed)
    vector = generator.normal(size=16)
    return Fingerprint(
        spec=spec,
        phash=generator.bytes(32),
        pdq=generator.bytes(32),
        pdq_quality=pdq_quality,
        embeddings={"copy": (vector / np.linalg.norm(vector)).astype(np.float16)},
        complexity=complexity,
        local=b"",
    )


def as_query(image: Fingerprint) -> QueryFingerprint:
    """One view, and two windows that see something else."""
    windows = np.stack([np.roll(image.embeddings["copy"], shift) for shift in (3, 7)])
    pdq = (image.pdq,) if image.pdq_quality > 49 else ()
    return QueryFingerprint(image, (image.phash,), pdq, {"copy": windows})
