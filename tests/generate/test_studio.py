"""The studio model that ships: it is whole, makes the same picture twice, and its card speaks of these very files."""

from __future__ import annotations

import hashlib
import io
import random
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ledger.corpus.sealed import is_sealed
from ledger.corpus.sources.openclipart import SVG_ROOT, OpenClipartSource
from ledger.generate.generator import open_generator
from ledger.generate.picture import Generator
from ledger.generate.profiles import STUDIO, STUDIO_FOLDER
from ledger.generate.request import GenerationRequest
from ledger.image.pool import DecodePool

CARD = STUDIO_FOLDER.with_name("studio.md")
MEGABYTES = 60
"""That trained weights may take, all together."""
SAMPLE = 60


@pytest.fixture(scope="module")
def studio() -> Generator:
    return open_generator(STUDIO)


def test_the_same_seed_makes_the_same_picture(studio: Generator) -> None:
    def made(seed: int) -> bytes:
        request = GenerationRequest.of(studio.limits, "a red car", seed=seed, steps=4)
        return studio.generate(request, 0).tobytes()

    assert made(7) == made(7)
    assert made(8) != made(7)


def test_a_red_car_is_red_on_white(studio: Generator) -> None:
    request = GenerationRequest.of(studio.limits, "a red car", seed=7)
    pixels = studio.generate(request, 0).astype(np.int16)
    assert pixels.shape == (128, 128, 3)
    drawn = pixels[pixels.min(axis=2) < 200]
    assert 0.05 < len(drawn) / 128**2 < 0.9
    red, green, blue = drawn.mean(axis=0)
    assert red > green + 40
    assert red > blue + 40


def test_the_card_names_the_files_that_ship(studio: Generator) -> None:
    told = dict(re.findall(r"^\| `([\w/.]+)` .*`([0-9a-f]{64})` \|$", CARD.read_text(), re.MULTILINE))
    weights = {path.relative_to(STUDIO_FOLDER).as_posix() for path in STUDIO_FOLDER.rglob("*.safetensors")}
    assert set(told) == weights | {"manifest.txt"}
    for name, digest in told.items():
        assert hashlib.sha256((STUDIO_FOLDER / name).read_bytes()).hexdigest() == digest, name
    assert studio.model.weights_sha256 in CARD.read_text()
    assert studio.model.manifest == STUDIO_FOLDER / "manifest.txt"


def test_weights_are_as_small_as_was_agreed() -> None:
    sizes = [path.stat().st_size for path in STUDIO_FOLDER.parent.rglob("*.safetensors")]
    assert sum(sizes) < MEGABYTES * 10**6


@pytest.mark.needs("openclipart")
def test_the_manifest_has_open_works_as_they_are_registered_and_no_sealed_one() -> None:
    listed = frozenset((STUDIO_FOLDER / "manifest.txt").read_text().split())
    with DecodePool() as pool:
        source = OpenClipartSource(Path(SVG_ROOT), None, rasterise=pool.rasterise)
        items = [item for item in source.items() if "alias_of" not in item.labels]
        sample = random.Random(1).sample(items, SAMPLE)
        drawn = {item.key: source.read(item) for item in sample}
    # Drawings that come out blank have the bytes of any other such.
    found = {key: hashlib.sha256(png).hexdigest() in listed for key, png in drawn.items() if not _is_blank(png)}
    assert len(found) > SAMPLE * 0.9
    assert not any(on_list for key, on_list in found.items() if is_sealed(key))
    assert any(found.values())


def _is_blank(png: bytes) -> bool:
    with Image.open(io.BytesIO(png)) as opened:
        return opened.convert("RGBA").getbbox(alpha_only=True) is None
