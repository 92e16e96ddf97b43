"""Wrapped pipelines: every picture goes through the attributor before anybody has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import FluxPipeline, StableDiffusionPipeline, StableDiffusionXLPipeline

from ledger.errors import InputError, LedgerError
from ledger.generate.attributed import AttributedPipeline, attributed
from ledger.generate.memory import facts_in_memory
from ledger.generate.picture import AttributedImage, PipelinePicture

CLASSES = {"sd": StableDiffusionPipeline, "sdxl": StableDiffusionXLPipeline, "flux": FluxPipeline}


def load(folder: Path, name: str) -> Any:
    pipeline = CLASSES[name].from_pretrained(folder, use_safetensors=True, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@dataclass
class Recorder:
    """Hands everything out but what `blocks` says."""

    blocked: frozenset[int] = frozenset()
    seen: list[PipelinePicture] = field(default_factory=list)

    def __call__(self, made: PipelinePicture) -> AttributedImage:
        blocked = len(self.seen) in self.blocked
        self.seen.append(made)
        return AttributedImage(
            image=None if blocked else made.pixels,
            file=None if blocked else b"file",
            guard="block" if blocked else "allow",
            reasons=("too close",) if blocked else (),
            record={"record_id": str(len(self.seen))},
            reveal=None,
        )


@pytest.fixture(scope="module")
def pipeline(tiny_folders: dict[str, Path]) -> Any:
    return load(tiny_folders["sd"], "sd")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def draw(pipeline: Any, recorder: Recorder) -> AttributedPipeline:
    return attributed(pipeline, recorder, name="tiny")


@pytest.mark.parametrize("name", list(CLASSES))
def test_a_call_returns_the_pipelines_pictures_with_their_records(tiny_folders: dict[str, Path], name: str) -> None:
    recorder = Recorder()
    plain = load(tiny_folders[name], name)
    draw = attributed(plain, recorder, name="tiny")
    asked: dict[str, Any] = {"width": 64, "height": 64, "num_inference_steps": 2}
    made = draw("a red car", generator=torch.Generator().manual_seed(3), **asked)
    expected = plain("a red car", generator=torch.Generator().manual_seed(3), **asked).images[0]
    assert np.array_equal(np.asarray(made.images[0]), np.asarray(expected))
    [seen] = recorder.seen
    assert np.array_equal(seen.pixels, np.asarray(expected))
    assert (seen.prompt, seen.seed, seen.model) == ("a red car", 3, draw.model)
    assert seen.settings["num_inference_steps"] == "2"
    assert seen.model.format == f"diffusers/{CLASSES[name].__name__}"
    assert made.pictures[0].record == {"record_id": "1"}


def test_blocked_pictures_are_not_handed_out(pipeline: Any) -> None:
    draw = attributed(pipeline, Recorder(blocked=frozenset({1})))
    made = draw(["a car", "a tree", "a star"], num_inference_steps=1)
    assert [image is None for image in made.images] == [False, True, False]
    assert made.pictures[1].file is None
    assert made.pictures[1].record == {"record_id": "2"}


def test_an_attributor_that_fails_keeps_all_pictures(pipeline: Any) -> None:
    def fail(made: PipelinePicture) -> AttributedImage:
        raise LedgerError("no log")

    with pytest.raises(LedgerError, match="no log"):
        attributed(pipeline, fail)("a car", num_inference_steps=1)


def test_each_picture_gets_a_seed_that_makes_it_alone(draw: AttributedPipeline, recorder: Recorder) -> None:
    draw(["a car", "a tree"], negative_prompt=["grey", "blue"], num_images_per_prompt=2, num_inference_steps=2)
    first, second, third, _ = recorder.seen
    assert [(seen.prompt, seen.negative_prompt) for seen in (second, third)] == [("a car", "grey"), ("a tree", "blue")]
    assert first.seed != second.seed
    assert third.seed is not None
    alone = torch.Generator().manual_seed(third.seed)
    draw("a tree", negative_prompt="blue", num_inference_steps=2, generator=alone)
    difference = np.abs(recorder.seen[-1].pixels.astype(int) - third.pixels.astype(int))
    assert difference.max() <= 1  # batches add up in another order


def test_what_was_used_is_told_and_what_is_unknown_is_not(draw: AttributedPipeline, recorder: Recorder) -> None:
    draw("a car", num_inference_steps=2, guidance_scale=3.50)
    used = torch.Generator().manual_seed(3)
    torch.rand(1, generator=used)
    draw("a car", num_inference_steps=1, generator=used)
    draw(["a car", "a tree"], num_inference_steps=1, generator=torch.Generator().manual_seed(3))
    given, advanced, *shared = recorder.seen
    assert given.sampler == "DDIMScheduler"
    assert {"guidance_scale": "3.5", "num_inference_steps": "2"}.items() <= given.settings.items()
    assert not given.settings.keys() & {"height", "width", "num_images_per_prompt"}
    assert (advanced.settings["guidance_scale"], advanced.negative_prompt) == ("7.5", None)
    assert advanced.seed is None
    assert [each.seed for each in shared] == [None, None]


def test_a_prompt_that_was_encoded_elsewhere_is_unknown(
    draw: AttributedPipeline, recorder: Recorder, pipeline: Any
) -> None:
    positive, negative = pipeline.encode_prompt("a car", "cpu", 1, True)
    draw(prompt_embeds=positive, negative_prompt_embeds=negative, num_inference_steps=1)
    assert (recorder.seen[0].prompt, recorder.seen[0].seed) == (None, None)


@pytest.mark.parametrize("asked", [{"output_type": "latent"}, {"output_type": "pt"}, {"return_dict": False}])
def test_nothing_comes_out_unseen(draw: AttributedPipeline, recorder: Recorder, asked: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        draw("a car", num_inference_steps=1, **asked)
    assert caught.value.code == "bad-output-type"
    assert recorder.seen == []


def test_what_is_no_pipeline_is_refused(recorder: Recorder) -> None:
    for thing in (object(), lambda prompt: prompt):
        with pytest.raises(InputError) as caught:
            attributed(thing, recorder)
        assert caught.value.code == "bad-pipeline"


def test_what_makes_no_pictures_is_refused(pipeline: Any, recorder: Recorder) -> None:
    class Silent:
        components = pipeline.components

        def __call__(self, **_: Any) -> object:
            return object()

    with pytest.raises(InputError) as caught:
        attributed(Silent(), recorder)("a car")
    assert caught.value.code == "no-images"


def test_weights_in_memory_are_named_as_they_are(tiny_folders: dict[str, Path]) -> None:
    pipeline = load(tiny_folders["sd"], "sd")
    before = facts_in_memory(pipeline, "tiny")
    assert before == facts_in_memory(load(tiny_folders["sd"], "sd"), "tiny")
    assert set(before.files) == {"vae", "text_encoder", "unet", "image_encoder"}
    with torch.no_grad():
        next(pipeline.unet.parameters()).view(-1)[0] += 1e-3
    after = facts_in_memory(pipeline, "tiny")
    assert {name for name in before.files if before.files[name] != after.files[name]} == {"unet"}
    assert before.weights_sha256 != after.weights_sha256


def test_offloaded_weights_are_not_taken_for_the_weights(tiny_folders: dict[str, Path]) -> None:
    pipeline = load(tiny_folders["sd"], "sd")
    pipeline.unet.to("meta")
    with pytest.raises(InputError) as caught:
        facts_in_memory(pipeline, "tiny")
    assert caught.value.code == "bad-pipeline"
