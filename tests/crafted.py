"""Pictures made to order: a grey pattern with the pHash of a given picture, which shows nothing of it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.fft import idctn

from ledger.fingerprint.hashes import hashes
from ledger.image.canonical_image import Pixels

SIDE, LOW, SHOWN = 64, 16, 256
ROUNDS = 30


def pattern_like(path: Path) -> bytes:
    """A PNG: the signs of the picture's low frequencies, all as strong as each other but where that does not do yet."""
    with Image.open(path) as opened:
        layers = opened.convert("RGBA")
    plain = Image.new("RGB", layers.size, "white")
    plain.paste(layers, mask=layers.getchannel("A"))
    wanted = _bits(hashes(np.asarray(plain)).phash)
    strength = np.ones((LOW, LOW))
    best, fewest = _drawn(wanted, strength), LOW * LOW + 1
    for _ in range(ROUNDS):
        pixels = _drawn(wanted, strength)
        wrong = _bits(hashes(pixels).phash) != wanted
        if wrong.sum() < fewest:
            best, fewest = pixels, int(wrong.sum())
        strength = np.where(wrong, strength * 1.15, strength)
    out = BytesIO()
    Image.fromarray(best).save(out, "PNG")
    return out.getvalue()


def _bits(digest: bytes) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    bits: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = (
        np.unpackbits(np.frombuffer(digest, np.uint8)).reshape(LOW, LOW).astype(bool)
    )
    return bits


def _drawn(
    signs: np.ndarray[tuple[int, int], np.dtype[np.bool_]], strength: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> Pixels:
    spectrum = np.zeros((SIDE, SIDE))
    spectrum[:LOW, :LOW] = np.where(signs, strength, -strength)
    spectrum[0, 0] = 0.0
    wave = np.asarray(idctn(spectrum, norm="ortho"))
    grey = np.clip(wave / np.abs(wave).max() * 90 + 128, 0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(grey).resize((SHOWN, SHOWN), Image.Resampling.BICUBIC).convert("RGB"))
