"""Generated pictures for tests: a generator that shows what it is given, and what the database holds of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ledger.answers.generations import GeneratedImage
from ledger.app import Application
from ledger.flows.pictures.generate import Generating
from ledger.generate.guard_policy import Policy
from ledger.generate.picture import Generator, ModelFacts, StepProgress, no_progress
from ledger.generate.request import GenerationRequest, RequestLimits
from ledger.image.canonical_image import Pixels
from ledger.record import dsse
from ledger.record.predicates import Generation as GenerationRecord
from ledger.record.statement import Statement, parse_payload
from ledger.storage.tables import metadata
from tests.applications import query

PROMPT = "a red car"
UNWILLING = "Wilhelmina Testmann"
"""Said nothing of uses, so nothing but matching is allowed."""


@dataclasses.dataclass(frozen=True)
class Shows:
    """A generator that shows these pictures, one after the other: what a model that memorised them does."""

    real: Generator
    pictures: Sequence[Pixels]

    @property
    def model(self) -> ModelFacts:
        return self.real.model

    @property
    def limits(self) -> RequestLimits:
        return self.real.limits

    @property
    def sampler(self) -> str:
        return self.real.sampler

    def generate(
        self, request: GenerationRequest, index: int, attempt: int = 0, progress: StepProgress = no_progress
    ) -> Pixels:
        return self.pictures[min(index + attempt, len(self.pictures) - 1)]


def drawn(path: Path) -> Pixels:
    """A registered work, smaller: no file of it is registered."""
    with Image.open(path) as opened:
        rgba = opened.convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    white.alpha_composite(rgba)
    small = white.convert("RGB")
    small.thumbnail((200, 200))
    return np.asarray(small)


def stranger(seed: int) -> Pixels:
    noise = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
    return np.asarray(Image.fromarray(noise).resize((120, 120), Image.Resampling.BICUBIC))


def showing(application: Application, *pictures: Pixels, policy: Policy | None = None) -> Generating:
    flow = application.pictures.generation
    shows = Shows(application.pictures.generator, pictures)
    attribution = dataclasses.replace(flow.attribution, policy=policy or flow.attribution.policy)
    return dataclasses.replace(flow, generator=lambda: shows, attribution=attribution)


def statement(application: Application, record_id: str) -> Statement:
    return parse_payload(dsse.parse(application.records.entry(record_id).envelope).payload)


def everything(application: Application) -> str:
    """All that the database holds, as text; leaves as they were signed."""
    url = application.settings.database_url
    assert url is not None
    rows = [query(url.get_secret_value(), f"SELECT t::text FROM {name} t") for name in metadata.tables]
    leaves = application.store.entries.read(0, application.store.entries.head().size)
    return f"{rows} {[dsse.parse(leaf.envelope).payload for leaf in leaves]}"


def generation_record(application: Application, image: GeneratedImage) -> GenerationRecord:
    predicate = statement(application, image.record_id).predicate
    assert isinstance(predicate, GenerationRecord)
    return predicate
