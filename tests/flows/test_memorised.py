"""A model that memorised registered works: what it reproduces is held back, and the work is named first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
from PIL import Image

from ledger.answers.generations import GeneratedImage
from ledger.app import Application
from ledger.image.canonical_image import Pixels
from tests.applications import ART, application_with
from tests.conftest import DatabaseUrl
from tests.flows.overfitted import SIDE, save_overfitted

PLANTED: Mapping[str, str] = {
    "the beagle": "beagle_copper_ganson.png",
    "a lighthouse": "lighthouse_01.png",
    "red toadstool": "toadstool_daniel_steele_r.png",
}
"""Prompt and registered work."""


def planted(name: str) -> Pixels:
    with Image.open(ART / name) as drawing:
        rgba = drawing.convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    white.alpha_composite(rgba)
    return np.asarray(white.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def stranger(seed: int) -> Pixels:
    """A picture like no other."""
    noise = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8)
    return np.asarray(Image.fromarray(noise).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """The thirty drawings, and a model trained on three of them, among others, until it knows them by heart."""
    known = {prompt: planted(name) for prompt, name in PLANTED.items()}
    folder = save_overfitted(tmp_path_factory.mktemp("model"), known, [stranger(seed) for seed in range(3)])
    data = tmp_path_factory.mktemp("data")
    with application_with(database_server, template, data, [ART], generator=str(folder)) as opened:
        yield opened


def generated(application: Application, prompt: str, seed: int) -> GeneratedImage:
    flow = application.pictures.generation
    (image,) = flow.generate(flow.request(prompt, seed=seed, steps=6, guidance=1))
    return image


@pytest.mark.parametrize("prompt", PLANTED)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_memorised_work_is_held_back_and_named_first(application: Application, prompt: str, seed: int) -> None:
    image = generated(application, prompt, seed)
    assert image.guard in ("block", "warn")
    assert image.record.report is not None
    first = image.record.report.matches[0]
    work = application.records.works.works({first.work_id})[first.work_id]
    with (ART / PLANTED[prompt]).open("rb") as file:
        assert application.pictures.images.decode(file.read()).sha256 == work.sha256
    assert first.title in image.reasons[0]
    assert (image.file is None) == (image.guard == "block")


FRESH = ("a blue whale", "xylophone", "two cats")


def test_most_fresh_prompts_are_allowed(application: Application) -> None:
    """What so small a model paints for a prompt that it never saw depends on the processor's arithmetic: now and then
    it is a work that it knows by heart."""
    images = [generated(application, prompt, seed=3) for prompt in FRESH]
    allowed = [image for image in images if image.guard == "allow"]
    assert len(allowed) >= len(FRESH) - 1, [image.reasons for image in images]
    assert all(image.file is not None for image in allowed)
