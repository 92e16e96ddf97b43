"""A pipeline as a Generator: one picture at a time, each from its own seed. The first picture loads the weights."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.cancellation import require_not_cancelled
from ledger.errors import InputError, LedgerError, PushbackError
from ledger.generate import families
from ledger.generate.folder import PipelineFolder, open_folder
from ledger.generate.hub import pipeline_folder
from ledger.generate.picture import ModelFacts, StepProgress, no_progress
from ledger.generate.pipelines import load_pipeline, tile
from ledger.generate.placement import Device, Dtype, place, this_machine
from ledger.generate.profiles import FolderModel, HubModel, ModelSource
from ledger.generate.request import GenerationRequest, RequestLimits
from ledger.image.canonical_image import Pixels

if TYPE_CHECKING:
    from collections.abc import Callable


class PipelineGenerator:
    """The `Generator` of a pipeline's folder. Threads may share it; it makes one picture at a time."""

    def __init__(
        self,
        folder: PipelineFolder,
        model: ModelFacts,
        limits: RequestLimits,
        *,
        device: Device = "auto",
        dtype: Dtype = "auto",
    ) -> None:
        self._folder = folder
        self._model = model
        self._limits = limits
        self._device: Device = device
        self._dtype: Dtype = dtype
        self._one_at_a_time = Lock()

    @property
    def model(self) -> ModelFacts:
        return self._model

    @property
    def limits(self) -> RequestLimits:
        return self._limits

    @property
    def sampler(self) -> str:
        return self._folder.sampler

    def generate(
        self, request: GenerationRequest, index: int, attempt: int = 0, progress: StepProgress = no_progress
    ) -> Pixels:
        """See `Generator`. The first call loads the weights, which takes a second for the studio, minutes for large
        models.

        Noise is always drawn on the processor, so that a seed gives the same noise on every device.
        """
        import torch

        request.require_within(self._limits)
        with self._one_at_a_time:
            require_not_cancelled()
            pipeline = self._pipeline
            tile(pipeline, request.width, request.height)
            seed = request.seed_of(index, attempt)
            try:
                with torch.inference_mode():
                    made = pipeline(
                        **families.arguments(self._folder.family, request),
                        generator=torch.Generator("cpu").manual_seed(seed),
                        output_type="np",
                        callback_on_step_end=_reporting(progress),
                    )
            except (MemoryError, torch.OutOfMemoryError) as error:
                raise PushbackError(
                    f"memory ran out while making a picture of {request.width}x{request.height}",
                    code="too-little-memory",
                    hint="Ask for a smaller picture, or choose a smaller model (ARTLEDGER_GENERATOR).",
                    retry_after=60.0,
                ) from error
        return _pixels(made, request)

    @cached_property
    def _pipeline(self) -> Any:
        placement = place(self._folder.family, self._folder.numbers(), this_machine(), self._device, self._dtype)
        return load_pipeline(self._folder, placement)


def open_generator(source: ModelSource, *, device: Device = "auto", dtype: Dtype = "auto") -> PipelineGenerator:
    """Finds or downloads the model and checks it. Its weights are digested now and loaded with the first picture.

    Raises NotFoundError (`model-missing`), PushbackError (`hub-unreachable`), InputError (`unsafe-weights`,
    `bad-pipeline`).
    """
    folder = open_folder(pipeline_folder(source))
    if isinstance(source, HubModel):
        facts = folder.facts(source.repository, source.revision)
    else:
        facts = folder.facts(source.name, None)
    return PipelineGenerator(folder, facts, _limits(folder, source), device=device, dtype=dtype)


def _limits(folder: PipelineFolder, source: ModelSource) -> RequestLimits:
    family = folder.family
    found = families.limits(family, {name: folder.config(name) for name in ("vae", family.denoiser)})
    if isinstance(source, FolderModel):
        return replace(found, steps=source.steps or found.steps, guidance=source.guidance or found.guidance)
    return found


def _reporting(progress: StepProgress) -> Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]:
    def step(pipeline: Any, number: int, _timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        require_not_cancelled()
        progress(number + 1, pipeline.num_timesteps)
        return tensors

    return step


def _pixels(made: Any, request: GenerationRequest) -> Pixels:
    """The picture's pixels. Raises LedgerError (`model-output`) if it is no picture, InputError (`model-refused`)."""
    if any(getattr(made, "nsfw_content_detected", None) or ()):
        raise InputError(
            "the model's own safety checker held the picture back",
            code="model-refused",
            hint="Try another seed or another prompt.",
        )
    picture = np.asarray(made.images[0])
    if picture.shape != (request.height, request.width, 3) or not np.isfinite(picture).all():
        raise LedgerError(
            "the model made no picture: its numbers overflowed or have another shape",
            code="model-output",
            hint="Run it with ARTLEDGER_DTYPE=float32.",
        )
    return (picture.clip(0.0, 1.0) * 255.0).round().astype(np.uint8)
