"""Pipelines' folders come from strangers: what is refused before anything is loaded, and what is said of the rest."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

from ledger import canonical
from ledger.errors import InputError, NotFoundError
from ledger.generate.folder import open_folder


@pytest.fixture
def folder(tiny_folders: dict[str, Path], tmp_path: Path) -> Path:
    """A copy that may be spoiled."""
    return Path(shutil.copytree(tiny_folders["sd"], tmp_path / "model"))


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


@pytest.mark.parametrize("name", ["sd", "sdxl", "flux"])
def test_facts_are_the_digests_of_what_will_be_loaded(tiny_folders: dict[str, Path], name: str) -> None:
    path = tiny_folders[name]
    folder = open_folder(path)
    facts = folder.facts("tiny", None)
    assert {file.split("/")[0] for file in facts.files} == {
        part for part in folder.components if not part.startswith(("tokenizer", "scheduler"))
    }
    for file, digest in facts.files.items():
        assert hashlib.sha256((path / file).read_bytes()).hexdigest() == digest
    described = canonical.loads(facts.spec)
    assert described["weights"] == facts.files
    assert {"model_index.json", "scheduler/scheduler_config.json", "tokenizer/tokenizer.json"} <= set(
        described["configuration"]
    )
    assert str(path) not in facts.spec.decode()


def test_the_digest_of_weights_can_be_had_without_us(tiny_folders: dict[str, Path]) -> None:
    path = tiny_folders["flux"]
    files = open_folder(path).facts("tiny", None)
    command = f"cd '{path}' && sha256sum {' '.join(files.files)} | cut -c1-64 | LC_ALL=C sort | sha256sum | cut -c1-64"
    shown = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == files.weights_sha256


def test_what_lies_beside_is_not_part_of_the_model(folder: Path) -> None:
    before = open_folder(folder).facts("tiny", None)
    (folder / "image_encoder" / "config.json").write_text("{}")
    (folder / "README.md").write_text("hello")
    after = open_folder(folder).facts("tiny", None)
    assert (before.weights_sha256, before.spec_sha256) == (after.weights_sha256, after.spec_sha256)


def test_every_configuration_that_decides_a_picture_is_in_the_spec(folder: Path) -> None:
    before = open_folder(folder).facts("tiny", None)
    edit(folder / "scheduler" / "scheduler_config.json", lambda config: config.update(beta_end=0.5))
    after = open_folder(folder).facts("tiny", None)
    assert before.weights_sha256 == after.weights_sha256
    assert before.spec_sha256 != after.spec_sha256


def test_a_manifest_beside_the_model_is_named(folder: Path) -> None:
    assert open_folder(folder).facts("tiny", None).manifest is None
    (folder / "manifest.txt").write_text("")
    assert open_folder(folder).facts("tiny", None).manifest == folder / "manifest.txt"


def test_numbers_are_counted_from_headers(tiny_folders: dict[str, Path]) -> None:
    path = tiny_folders["sdxl"]
    tensors = load_file(path / "unet" / "diffusion_pytorch_model.safetensors")
    assert open_folder(path).numbers()["unet"] == sum(tensor.size for tensor in tensors.values())


class Payload:
    """What a pickle can do when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize(
    "name", ["unet/diffusion_pytorch_model.bin", "pytorch_model.bin", "vae/x.CKPT", "a.pt", "deep/er/b.pkl", "c.pth"]
)
def test_pickles_anywhere_are_refused(folder: Path, tmp_path: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(Payload(tmp_path / "ran")))
    with pytest.raises(InputError) as caught:
        open_folder(folder)
    assert caught.value.code == "unsafe-weights"
    assert name in caught.value.message
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda index: index.update(_class_name="StableDiffusionImg2ImgPipeline"), "bad-pipeline"),
        (lambda index: index.update(_class_name=["pipeline", "Mine"]), "bad-pipeline"),
        (lambda index: index.pop("_class_name"), "bad-pipeline"),
        (lambda index: index.update(unet=["os", "UNet2DConditionModel"]), "bad-pipeline"),
        (lambda index: index.update(unet=["diffusers", "OnnxRuntimeModel"]), "bad-pipeline"),
        (lambda index: index.update(tokenizer=["transformers", "AutoTokenizer"]), "bad-pipeline"),
        (lambda index: index.update(vae=[None, None]), "bad-pipeline"),
        (lambda index: index.update(vae="AutoencoderKL"), "bad-pipeline"),
        (lambda index: index.pop("scheduler"), "bad-pipeline"),
        (lambda index: index.update(safety_checker=["os", "system"]), "bad-pipeline"),
    ],
)
def test_only_known_classes_stand_in_an_index(folder: Path, spoil: Callable[[Any], Any], code: str) -> None:
    edit(folder / "model_index.json", spoil)
    with pytest.raises(InputError) as caught:
        open_folder(folder)
    assert caught.value.code == code


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_broken_index_is_refused(folder: Path, content: bytes) -> None:
    (folder / "model_index.json").write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_folder(folder)
    assert caught.value.code == "bad-pipeline"


def test_a_missing_folder_index_component_or_weights_is_said(folder: Path) -> None:
    with pytest.raises(NotFoundError) as missing:
        open_folder(folder / "nothing")
    assert missing.value.code == "model-missing"
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(NotFoundError, match="unet") as missing:
        open_folder(folder)
    assert missing.value.code == "model-missing"
    shutil.rmtree(folder / "tokenizer")
    with pytest.raises(NotFoundError, match="tokenizer"):
        open_folder(folder)
    (folder / "model_index.json").unlink()
    with pytest.raises(InputError) as no_pipeline:
        open_folder(folder)
    assert no_pipeline.value.code == "bad-pipeline"


def test_weights_that_are_none_are_refused_before_they_are_loaded(folder: Path) -> None:
    (folder / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(InputError) as caught:
        open_folder(folder).numbers()
    assert caught.value.code == "bad-weights"


def test_a_second_set_of_weights_is_taken_where_there_is_only_that(folder: Path) -> None:
    unet = folder / "unet" / "diffusion_pytorch_model.safetensors"
    half = unet.with_name("diffusion_pytorch_model.fp16.safetensors")
    shutil.copy(unet, half)
    assert open_folder(folder).variant is None
    assert half not in open_folder(folder).weights
    unet.unlink()
    found = open_folder(folder)
    assert found.variant == "fp16"
    assert half in found.weights
    assert len(found.weights) == 3


def test_shards_belong_to_the_weights(folder: Path) -> None:
    whole = folder / "text_encoder" / "model.safetensors"
    for number in (1, 2):
        shutil.copy(whole, whole.with_name(f"model-0000{number}-of-00002.safetensors"))
    whole.unlink()
    assert sum(path.parent.name == "text_encoder" for path in open_folder(folder).weights) == 2
