"""Stable Diffusion, SDXL and FLUX, tiny and random, through the one path that real ones take."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from ledger.errors import InputError, LedgerError, NotFoundError, PushbackError
from ledger.generate import generator as generators
from ledger.generate import pipelines
from ledger.generate.generator import PipelineGenerator, open_generator
from ledger.generate.placement import Machine
from ledger.generate.profiles import FolderModel
from ledger.generate.request import GenerationRequest
from ledger.image.canonical_image import Pixels
from tests.generate.tiny import SAVERS, SIDE

SIZE = {"sd": SIDE, "sdxl": SIDE, "flux": 256}
FAMILIES = list(SAVERS)


@pytest.fixture(scope="module")
def opened(tiny_folders: dict[str, Path]) -> dict[str, PipelineGenerator]:
    return {name: open_generator(FolderModel(path, name), device="cpu") for name, path in tiny_folders.items()}


def ask(generator: PipelineGenerator, prompt: str = "a red car", **asked: Any) -> GenerationRequest:
    side = 256 if generator.model.format.endswith("FluxPipeline") else SIDE
    return GenerationRequest.of(generator.limits, prompt, **{"width": side, "height": side, "steps": 2, **asked})


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_seed_makes_the_same_picture_and_no_other_seed_does(
    opened: dict[str, PipelineGenerator], name: str
) -> None:
    generator = opened[name]
    request = ask(generator, seed=7, count=2)
    picture = generator.generate(request, 0)
    assert picture.shape == (SIZE[name], SIZE[name], 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 20  # something to see
    assert np.array_equal(picture, generator.generate(request, 0))
    second, again = generator.generate(request, 1), generator.generate(request, 0, attempt=1)
    assert not np.array_equal(picture, second)
    assert not np.array_equal(picture, again)
    # A record's seed alone makes its picture once more.
    assert np.array_equal(second, generator.generate(ask(generator, seed=8), 0))
    assert np.array_equal(again, generator.generate(ask(generator, seed=request.seed_of(0, 1)), 0))


@pytest.mark.parametrize("name", FAMILIES)
def test_prompt_and_steps_count(opened: dict[str, PipelineGenerator], name: str) -> None:
    generator = opened[name]
    picture = generator.generate(ask(generator, seed=1), 0)
    assert not np.array_equal(picture, generator.generate(ask(generator, "a green tree", seed=1), 0))
    assert not np.array_equal(picture, generator.generate(ask(generator, seed=1, steps=3), 0))


@pytest.mark.parametrize("name", ["sd", "sdxl"])
def test_guidance_negative_prompt_and_size_count(opened: dict[str, PipelineGenerator], name: str) -> None:
    generator = opened[name]
    picture = generator.generate(ask(generator, seed=1), 0)
    assert not np.array_equal(picture, generator.generate(ask(generator, seed=1, guidance=2), 0))
    assert not np.array_equal(picture, generator.generate(ask(generator, seed=1, negative_prompt="grey"), 0))
    wide = generator.generate(ask(generator, seed=1, width=64, height=24), 0)
    assert wide.shape == (24, 64, 3)


@pytest.mark.parametrize("name", FAMILIES)
def test_each_step_is_told(opened: dict[str, PipelineGenerator], name: str) -> None:
    told: list[tuple[int, int]] = []
    opened[name].generate(ask(opened[name], steps=3), 0, 0, lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_who_watches_can_end_it(opened: dict[str, PipelineGenerator]) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        opened["sd"].generate(ask(opened["sd"]), 0, 0, stop)
    opened["sd"].generate(ask(opened["sd"]), 0)


def test_limits_come_from_the_configuration(opened: dict[str, PipelineGenerator]) -> None:
    sd, flux = opened["sd"].limits, opened["flux"].limits
    assert (sd.multiple, sd.min_side, sd.max_side, sd.width, sd.height) == (8, 16, 64, 32, 32)
    assert (sd.guidance, sd.guidance_matters, sd.negative_prompt) == (Decimal("7.5"), True, True)
    assert (flux.multiple, flux.min_side, flux.max_side, flux.width) == (16, 256, 2048, 1024)
    assert (flux.steps, flux.guidance, flux.guidance_matters, flux.negative_prompt) == (4, Decimal(0), False, False)


def test_a_request_made_for_another_model_is_refused(opened: dict[str, PipelineGenerator]) -> None:
    with pytest.raises(InputError) as caught:
        opened["sd"].generate(ask(opened["flux"]), 0)
    assert caught.value.code == "bad-size"


def test_a_sources_own_defaults_come_first(tiny_folders: dict[str, Path]) -> None:
    source = FolderModel(tiny_folders["sd"], "tiny", steps=12, guidance=Decimal(4))
    request = GenerationRequest.of(open_generator(source).limits, "a tree")
    assert (request.steps, request.guidance_text) == (12, "4")


def test_samplers_are_named(opened: dict[str, PipelineGenerator]) -> None:
    assert {name: each.sampler for name, each in opened.items()} == {
        "sd": "DDIMScheduler",
        "sdxl": "EulerDiscreteScheduler",
        "flux": "FlowMatchEulerDiscreteScheduler",
    }


def test_threads_that_share_a_generator_get_their_own_pictures(opened: dict[str, PipelineGenerator]) -> None:
    generator = opened["sdxl"]
    requests = [ask(generator, seed=seed) for seed in range(4)]
    alone = [generator.generate(request, 0) for request in requests]
    with ThreadPoolExecutor(4) as threads:
        together: list[Pixels] = list(threads.map(lambda request: generator.generate(request, 0), requests))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)


def test_another_process_makes_the_same_picture(
    opened: dict[str, PipelineGenerator], tiny_folders: dict[str, Path]
) -> None:
    code = (
        "import sys, pathlib\n"
        "from ledger.generate.generator import open_generator\n"
        "from ledger.generate.profiles import FolderModel\n"
        "from ledger.generate.request import GenerationRequest\n"
        "generator = open_generator(FolderModel(pathlib.Path(sys.argv[1]), 'sd'), device='cpu')\n"
        "request = GenerationRequest.of(generator.limits, 'a red car', seed=7, steps=2)\n"
        "sys.stdout.buffer.write(generator.generate(request, 0).tobytes())\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(tiny_folders["sd"])]
    made = subprocess.run(command, capture_output=True, check=True)
    assert made.stdout == opened["sd"].generate(ask(opened["sd"], seed=7), 0).tobytes()
    assert made.stderr == b""  # neither bars nor notices of the libraries


def test_nothing_is_loaded_before_the_first_picture(tiny_folders: dict[str, Path]) -> None:
    code = (
        "import sys, pathlib\n"
        "from ledger.generate.generator import open_generator\n"
        "from ledger.generate.profiles import FolderModel\n"
        "open_generator(FolderModel(pathlib.Path(sys.argv[1]), 'sd'))\n"
        "print([name for name in ('torch', 'diffusers', 'transformers') if name in sys.modules])\n"
    )
    command = [sys.executable, "-c", code, str(tiny_folders["sd"])]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_too_little_memory_is_found_before_loading(
    tiny_folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = open_generator(FolderModel(tiny_folders["sd"], "tiny"))
    monkeypatch.setattr(generators, "this_machine", lambda: Machine(1000, None, None))
    with pytest.raises(PushbackError) as caught:
        generator.generate(ask(generator), 0)
    assert caught.value.code == "too-little-memory"


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory")])
def test_memory_that_runs_out_is_said(
    tiny_folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    generator = open_generator(FolderModel(tiny_folders["sd"], "tiny"), device="cpu")

    def exhausted(done: int, total: int) -> None:
        raise error

    with pytest.raises(PushbackError) as caught:
        generator.generate(ask(generator), 0, 0, exhausted)
    assert caught.value.code == "too-little-memory"


def test_a_folder_that_contradicts_itself_is_refused(tiny_folders: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_folders["sd"], tmp_path / "model"))
    shutil.copy(
        folder / "vae" / "diffusion_pytorch_model.safetensors", folder / "unet" / "diffusion_pytorch_model.safetensors"
    )
    generator = open_generator(FolderModel(folder, "spoiled"), device="cpu")
    with pytest.raises(InputError) as caught:
        generator.generate(ask(generator), 0)
    assert caught.value.code == "bad-pipeline"


@pytest.mark.parametrize("component", ["text_encoder/model", "unet/diffusion_pytorch_model"])
def test_weights_that_are_not_all_there_are_refused(
    tiny_folders: dict[str, Path], tmp_path: Path, component: str
) -> None:
    """Not drawn at random in silence: the next picture would be another."""
    folder = Path(shutil.copytree(tiny_folders["sd"], tmp_path / "model"))
    weights = folder / f"{component}.safetensors"
    tensors = load_file(weights)
    del tensors[sorted(tensors)[5]]
    save_file(tensors, weights, {"format": "pt"})
    generator = open_generator(FolderModel(folder, "incomplete"), device="cpu")
    with pytest.raises(InputError, match="not all there") as caught:
        generator.generate(ask(generator), 0)
    assert caught.value.code == "bad-pipeline"


def test_numbers_that_overflow_make_no_picture(tiny_folders: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_folders["sd"], tmp_path / "model"))
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    save_file(
        {name: tensor.fill_(float("nan")) for name, tensor in load_file(weights).items()}, weights, {"format": "pt"}
    )
    generator = open_generator(FolderModel(folder, "overflowing"), device="cpu")
    with pytest.raises(LedgerError) as caught:
        generator.generate(ask(generator), 0)
    assert caught.value.code == "model-output"


def test_half_as_many_bytes_make_a_picture_too(tiny_folders: dict[str, Path]) -> None:
    generator = open_generator(FolderModel(tiny_folders["sd"], "tiny"), device="cpu", dtype="bfloat16")
    assert generator.generate(ask(generator), 0).std() > 20


def test_large_pictures_are_decoded_tile_by_tile(
    opened: dict[str, PipelineGenerator], monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = opened["sd"]
    small, large = ask(generator, seed=1), ask(generator, seed=1, width=64, height=64)
    monkeypatch.setattr(pipelines, "TILED_ABOVE", SIDE * SIDE)
    tiled = generator.generate(large, 0)
    assert tiled.shape == (64, 64, 3)
    untiled = generator.generate(small, 0)
    monkeypatch.undo()
    assert not np.array_equal(tiled, generator.generate(large, 0))
    assert np.array_equal(untiled, generator.generate(small, 0))


def test_a_missing_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        open_generator(FolderModel(tmp_path / "nothing", "studio"))
    assert caught.value.code == "model-missing"
