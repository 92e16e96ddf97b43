"""Wraps any diffusers pipeline. Its calls then return pictures with records, and no blocked pictures.

    from pathlib import Path

    from diffusers import DiffusionPipeline
    from ledger import attributed, open_application

    pipeline = DiffusionPipeline.from_pretrained("./my-model", use_safetensors=True)
    with open_application() as ledger:
        draw = attributed(pipeline, ledger.attributor, name="my-model")
        for picture in draw("a red car", num_inference_steps=25).pictures:
            print(picture.record["reference"], picture.guard, *picture.reasons)
            if picture.file is not None:  # a PNG with credentials; None where the guard blocked it
                Path(f"{picture.record['record_id']}.png").write_bytes(picture.file)

The records are signed by the owner of the log that the attributor appends to. They state only what the wrapper can
know: a seed, for example, only if the picture can be made from that seed alone.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from inspect import signature
from typing import Any

import numpy as np

from ledger.errors import InputError, LedgerError
from ledger.generate.memory import facts_in_memory
from ledger.generate.picture import AttributedImage, Attributor, ModelFacts, PipelinePicture
from ledger.image.canonical_image import Pixels

_NO_SETTINGS = frozenset({"height", "width", "num_images_per_prompt", "callback_steps"})
_SETTING = re.compile("[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class AttributedOutput:
    """The pictures of one call of the wrapped pipeline, in order."""

    pictures: tuple[AttributedImage, ...]

    @property
    def images(self) -> list[Any]:
        """PIL images, as diffusers returns them; None for each blocked picture."""
        from PIL import Image

        return [None if each.image is None else Image.fromarray(each.image) for each in self.pictures]


class AttributedPipeline:
    """Callable like the wrapped pipeline, with keyword arguments."""

    def __init__(self, pipeline: Any, attribute: Attributor, model: ModelFacts) -> None:
        self.pipeline = pipeline
        self.model = model
        self._attribute = attribute

    def __call__(self, prompt: str | Sequence[str] | None = None, **arguments: Any) -> AttributedOutput:
        """Runs the pipeline with unchanged `arguments`, then attributes each of its pictures.

        Without `generator`, each picture gets its own seed, drawn here and recorded. Raises InputError:
        `bad-output-type` for an `output_type` that would deliver pictures without a check, `no-images` if the pipeline
        makes no pictures, and what `attribute` raises.
        """
        _require_attributable(arguments)
        prompts, negatives = _texts(prompt), _texts(arguments.get("negative_prompt"))
        each = arguments.get("num_images_per_prompt", 1)
        count = None if prompts is None or not isinstance(each, int) else len(prompts) * each
        generators, seeds = _generators(arguments.pop("generator", None), count)
        given = arguments if prompt is None else {"prompt": prompt, **arguments}
        made = self.pipeline(**given, generator=generators, output_type="np", return_dict=True)
        pictures = _pictures(made)
        settings = self._settings(arguments)
        known = seeds if len(seeds) == len(pictures) else (None,) * len(pictures)
        return AttributedOutput(
            tuple(
                self._attribute(
                    PipelinePicture(
                        pixels=pixels,
                        model=self.model,
                        prompt=_text_of(prompts, number, len(pictures)),
                        negative_prompt=_text_of(negatives, number, len(pictures)),
                        seed=known[number],
                        sampler=_sampler(self.pipeline),
                        settings=settings,
                    )
                )
                for number, pixels in enumerate(pictures)
            )
        )

    def _settings(self, arguments: dict[str, Any]) -> dict[str, str]:
        """All numeric settings of the sampler, as given or the pipeline's default (`guidance_scale`,
        `num_inference_steps`, `true_cfg_scale`, `strength`, ...), without number and size of pictures."""
        defaults = {name: parameter.default for name, parameter in signature(self.pipeline.__call__).parameters.items()}
        used = {name: arguments.get(name, default) for name, default in (defaults | arguments).items()}
        texts = {name: _decimal(value) for name, value in used.items() if name not in _NO_SETTINGS}
        return {name: text for name, text in texts.items() if text is not None and _SETTING.fullmatch(name)}


def attributed(
    pipeline: Any, attribute: Attributor, *, name: str | None = None, model: ModelFacts | None = None
) -> AttributedPipeline:
    """Wraps a diffusers pipeline (see above). `attribute` compares, guards, records and marks each picture.

    `model`: the model in records. If it is left out, the weights in memory are digested now; wrap again after loading
    an adapter. `name` is for people. Raises InputError (`bad-pipeline`).
    """
    facts = model or facts_in_memory(pipeline, name or type(pipeline).__name__)
    return AttributedPipeline(pipeline, attribute, facts)


def _require_attributable(arguments: dict[str, Any]) -> None:
    if (kind := arguments.pop("output_type", "pil")) != "pil":
        raise InputError(
            f"attributed pictures come as PIL images, not as {kind!r}",
            code="bad-output-type",
            hint="Leave output_type out.",
        )
    if arguments.pop("return_dict", True) is not True:
        raise InputError("attributed pictures come with their records, not as a tuple", code="bad-output-type")


def _texts(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Sequence) and value and all(isinstance(text, str) for text in value):
        return tuple(value)
    return None


def _text_of(texts: tuple[str, ...] | None, number: int, pictures: int) -> str | None:
    """The text of a picture: pictures of one prompt are adjacent, and a single text applies to all."""
    if texts is None or pictures % len(texts):
        return None
    return texts[number // (pictures // len(texts))]


def _generators(given: Any, count: int | None) -> tuple[Any, tuple[int | None, ...]]:
    """The generators of noise, and for each picture the seed that determines it, or None."""
    import torch

    if given is None:
        if count is None:
            return None, ()
        seeds = [secrets.randbits(53) for _ in range(count)]
        return [torch.Generator("cpu").manual_seed(seed) for seed in seeds], tuple(seeds)
    if isinstance(given, torch.Generator):
        return given, (_fresh_seed(given),) if count == 1 else ()
    return given, tuple(_fresh_seed(each) for each in given)


def _fresh_seed(generator: Any) -> int | None:
    """The seed if nothing has been drawn since it was set, else None."""
    import torch

    seed = generator.initial_seed()
    fresh = torch.Generator(generator.device).manual_seed(seed).get_state()
    return seed % 2**64 if torch.equal(generator.get_state(), fresh) else None


def _pictures(made: Any) -> list[Pixels]:
    images = getattr(made, "images", None)
    if not isinstance(images, np.ndarray) or images.ndim != 4 or images.shape[3] != 3:
        raise InputError("the pipeline made no RGB pictures", code="no-images")
    if not np.isfinite(images).all():
        raise LedgerError("the pipeline made no picture: its numbers overflowed", code="model-output")
    return [(np.clip(image, 0.0, 1.0) * 255.0).round().astype(np.uint8) for image in images]


def _decimal(value: Any) -> str | None:
    """A number as in records; None if it is no decimal number of moderate size."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    text = f"{number.normalize():f}" if number else "0"
    return text if len(text) <= 20 else None


def _sampler(pipeline: Any) -> str | None:
    scheduler = getattr(pipeline, "scheduler", None)
    return None if scheduler is None else type(scheduler).__name__
