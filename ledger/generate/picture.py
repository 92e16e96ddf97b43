"""Pictures being made, as plain values: what makes them, what is known of each, and who attributes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ledger.generate.request import GenerationRequest, RequestLimits
from ledger.image.canonical_image import Pixels


class StepProgress(Protocol):
    """Called after each denoising step from the thread that generates; what it raises ends the generation."""

    def __call__(self, done: int, total: int) -> None: ...


def no_progress(done: int, total: int) -> None:
    """For callers who do not watch."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a `model` record says of a model: weights by digest, and a document that describes all else that matters."""

    name: str
    """For people: the folder's name, or `owner/name` on the hub."""
    format: str
    """The pipeline's class, for instance `diffusers/StableDiffusionPipeline`."""
    revision: str | None
    """The hub's commit; None for a folder and for a pipeline in memory."""
    files: Mapping[str, str]
    """Path within the model's folder (or name of the component in memory) to lowercase hex SHA-256: the weights."""
    spec: bytes
    """RFC 8785 bytes of the description: class, revision, weights and configuration by digest. Nothing local."""
    manifest: Path | None
    """Sorted lowercase hex SHA-256 of the works trained on, one a line; None where that is not disclosed."""

    @property
    def weights_sha256(self) -> str:
        """See `weights_digest`."""
        return weights_digest(self.files)

    @property
    def spec_sha256(self) -> str:
        """Lowercase hex SHA-256 of the description."""
        return hashlib.sha256(self.spec).hexdigest()


def weights_digest(files: Mapping[str, str]) -> str:
    """SHA-256 over the sorted file digests, each in lowercase hex and ended by a line feed.

    Whoever has the files gets it with `sha256sum FILES | cut -c1-64 | LC_ALL=C sort | sha256sum`.
    """
    return hashlib.sha256("".join(f"{digest}\n" for digest in sorted(files.values())).encode()).hexdigest()


class Generator(Protocol):
    """Makes pictures, one at a time. Loaded once and late; never at import time."""

    @property
    def model(self) -> ModelFacts: ...

    @property
    def limits(self) -> RequestLimits:
        """What requests it takes, and what it does where a request says nothing."""

    @property
    def sampler(self) -> str:
        """The scheduler's class."""

    def generate(
        self, request: GenerationRequest, index: int, attempt: int = 0, progress: StepProgress = no_progress
    ) -> Pixels:
        """Picture `index` of the request, shape (height, width, 3), from the seed `request.seed_of(index, attempt)`.

        The same request, index and attempt give the same pixels on the same machine. Raises InputError (`bad-size`,
        `bad-steps`, `bad-guidance`, `bad-prompt`) for a request made for other limits, LedgerError (`model-output`,
        `too-little-memory`).
        """


@dataclass(frozen=True, slots=True)
class PipelinePicture:
    """A picture as a pipeline returned it, and what is known of how it was made; None means not known."""

    pixels: Pixels
    model: ModelFacts
    prompt: str | None
    negative_prompt: str | None
    seed: int | None
    """From which alone this picture can be made again (unsigned, 64 bits)."""
    sampler: str | None
    """The scheduler's class."""
    settings: Mapping[str, str]
    """What else the sampler was set to, by diffusers' names for it: decimal numbers as text, as far as known."""


@dataclass(frozen=True, slots=True)
class AttributedImage:
    """A picture with its record, after the guard."""

    image: Pixels | None
    """None where the guard blocked it: it is not handed out."""
    file: bytes | None
    """The PNG with credentials, whose digest an `asset` record has; None where blocked."""
    guard: str
    """FORMAT.md, closed list: guard."""
    reasons: tuple[str, ...]
    record: Mapping[str, Any]
    """The record as the HTTP interface answers it."""
    reveal: Mapping[str, Any] | None
    """Key and object of the prompt's commitment, for the requester alone; None where the record has no prompt."""


class Attributor(Protocol):
    """Matches, guards, records and marks a picture that was made elsewhere: `attributed` calls it for each."""

    def __call__(self, made: PipelinePicture) -> AttributedImage: ...
