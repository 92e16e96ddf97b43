"""Generated pictures as plain values, and the interfaces of generators and attributors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ledger.generate.request import GenerationRequest, RequestLimits
from ledger.image.canonical_image import Pixels


class StepProgress(Protocol):
    """Called after each denoising step, in the generating thread. An exception from it ends the generation."""

    def __call__(self, done: int, total: int) -> None: ...


def no_progress(done: int, total: int) -> None:
    """For callers that need no progress."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The facts in a `model` record: digests of weights, and a document that describes everything else that matters."""

    name: str
    """For people: the folder's name, or `owner/name` on the hub."""
    format: str
    """The pipeline's class, such as `diffusers/StableDiffusionPipeline`."""
    revision: str | None
    """The hub's commit; None for a folder and for a pipeline in memory."""
    files: Mapping[str, str]
    """Lowercase hex SHA-256 of the weights, by path in the model's folder (or name of the component in memory)."""
    spec: bytes
    """RFC 8785 bytes of the description: class, revision, digests of weights and configuration; nothing local."""
    manifest: Path | None
    """File with sorted lowercase hex SHA-256 of the works trained on, one a line; None if not disclosed."""

    @property
    def weights_sha256(self) -> str:
        """See `weights_digest`."""
        return weights_digest(self.files)

    @property
    def spec_sha256(self) -> str:
        """Lowercase hex SHA-256 of the description."""
        return hashlib.sha256(self.spec).hexdigest()


def weights_digest(files: Mapping[str, str]) -> str:
    """SHA-256 of the sorted file digests, each in lowercase hex and ended by a line feed.

    The same from a shell: `sha256sum FILES | cut -c1-64 | LC_ALL=C sort | sha256sum`.
    """
    return hashlib.sha256("".join(f"{digest}\n" for digest in sorted(files.values())).encode()).hexdigest()


class Generator(Protocol):
    """Makes pictures, one at a time. Loaded once and late; never at import time."""

    @property
    def model(self) -> ModelFacts: ...

    @property
    def limits(self) -> RequestLimits:
        """The requests that it accepts, and its defaults."""

    @property
    def sampler(self) -> str:
        """The scheduler's class."""

    def generate(
        self, request: GenerationRequest, index: int, attempt: int = 0, progress: StepProgress = no_progress
    ) -> Pixels:
        """Picture `index` of the request, shape (height, width, 3), from the seed `request.seed_of(index, attempt)`.

        The same request, index and attempt give the same pixels on the same machine. Raises InputError (`bad-size`,
        `bad-steps`, `bad-guidance`, `bad-prompt`) if the request exceeds its limits, LedgerError (`model-output`,
        `too-little-memory`).
        """


@dataclass(frozen=True, slots=True)
class PipelinePicture:
    """A picture from a pipeline and the known facts about its making; None means unknown."""

    pixels: Pixels
    model: ModelFacts
    prompt: str | None
    negative_prompt: str | None
    seed: int | None
    """Seed (unsigned, 64 bits) that alone reproduces this picture."""
    sampler: str | None
    """The scheduler's class."""
    settings: Mapping[str, str]
    """Other known settings of the sampler, with diffusers' names: decimal numbers as text."""


@dataclass(frozen=True, slots=True)
class AttributedImage:
    """A picture with its record, after the guard."""

    image: Pixels | None
    """None if the guard blocked it."""
    file: bytes | None
    """The PNG with credentials, whose digest is in an `asset` record; None if blocked."""
    guard: str
    """A value of FORMAT.md's closed list `guard`."""
    reasons: tuple[str, ...]
    record: Mapping[str, Any]
    """The record as in answers of the HTTP interface."""
    reveal: Mapping[str, Any] | None
    """Key and object of the prompt's commitment, only for the requester; None if the record has no prompt."""


class Attributor(Protocol):
    """Compares, guards, records and marks a picture that was made elsewhere. `attributed` calls it for each picture."""

    def __call__(self, made: PipelinePicture) -> AttributedImage: ...
