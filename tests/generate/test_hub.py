"""The hub profile: what is fetched and what never is, from a hub on this machine; and what is said without one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants as hub_constants
import numpy as np
import pytest

from ledger.errors import InputError, LedgerError, NotFoundError, PushbackError
from ledger.generate.generator import open_generator
from ledger.generate.hub import encoder_folder, pipeline_folder
from ledger.generate.profiles import FolderModel, HubModel
from ledger.generate.request import GenerationRequest
from tests.generate.hub_server import Hub, serving

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TINY = HubModel("tiny/sd", COMMIT)


@pytest.fixture
def hub(tiny_folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """With a repository as they are: pickles, other sets of weights and demonstrations beside what is needed."""
    folder = Path(shutil.copytree(tiny_folders["sd"], tmp_path / "repository"))
    for name in ("unet/diffusion_pytorch_model.bin", "v1-5.ckpt", "v1-5.safetensors", "README.md", "demo/photo.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"not needed")
    for weights in list(folder.glob("*/*model.safetensors")):
        shutil.copy(weights, weights.with_name(f"{weights.stem}.fp16.safetensors"))
    with serving({TINY.repository: folder}, COMMIT) as served:
        monkeypatch.setattr(hub_constants, "ENDPOINT", served.url)
        monkeypatch.setattr(
            hub_constants, "HUGGINGFACE_CO_URL_TEMPLATE", f"{served.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        )
        monkeypatch.setattr(hub_constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        yield served


def test_a_model_of_the_hub_makes_the_pictures_of_its_folder(hub: Hub, tiny_folders: dict[str, Path]) -> None:
    generator = open_generator(TINY, device="cpu")
    local = open_generator(FolderModel(tiny_folders["sd"], "tiny"), device="cpu")
    assert (generator.model.name, generator.model.revision) == ("tiny/sd", COMMIT)
    assert generator.model.weights_sha256 == local.model.weights_sha256
    assert json.loads(generator.model.spec)["hub"] == {"repository": "tiny/sd", "revision": COMMIT}
    request = GenerationRequest.of(local.limits, "a red car", seed=7, steps=2)
    assert np.array_equal(generator.generate(request, 0), local.generate(request, 0))


def test_only_what_will_be_read_is_fetched_and_only_once(hub: Hub) -> None:
    folder = pipeline_folder(TINY)
    assert set(hub.fetched) == {
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/config.json",
        "text_encoder/model.safetensors",
        "tokenizer/tokenizer.json",
        "tokenizer/tokenizer_config.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
    }
    fetched = len(hub.fetched)
    assert pipeline_folder(TINY) == folder
    assert len(hub.fetched) == fetched


def test_a_variant_is_fetched_instead(hub: Hub) -> None:
    generator = open_generator(HubModel(TINY.repository, COMMIT, "fp16"), device="cpu")
    assert {name for name in hub.fetched if name.endswith(".safetensors")} == set(generator.model.files)
    assert all(".fp16." in name for name in generator.model.files)
    generator.generate(GenerationRequest.of(generator.limits, "a tree", steps=1), 0)


def test_an_encoder_is_a_repository_of_its_own(hub: Hub) -> None:
    hub.repositories["tiny/clip"] = hub.repositories[TINY.repository] / "image_encoder"
    folder = encoder_folder(HubModel("tiny/clip", COMMIT))
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]


def test_a_model_that_was_fetched_needs_no_network(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = pipeline_folder(TINY)
    monkeypatch.setattr(hub_constants, "ENDPOINT", "http://127.0.0.1:9")
    assert pipeline_folder(TINY) == folder


def test_an_index_with_an_unknown_class_costs_no_download(hub: Hub) -> None:
    index = hub.repositories[TINY.repository] / "model_index.json"
    index.write_text(json.dumps({**json.loads(index.read_text()), "unet": ["os", "UNet2DConditionModel"]}))
    with pytest.raises(InputError) as caught:
        pipeline_folder(TINY)
    assert caught.value.code == "bad-pipeline"
    assert hub.fetched == ["model_index.json"]


@pytest.mark.parametrize("source", [HubModel("tiny/other", COMMIT), HubModel(TINY.repository, "f" * 40)])
def test_a_repository_or_commit_that_is_not_there_is_said(hub: Hub, source: HubModel) -> None:
    with pytest.raises(NotFoundError) as caught:
        pipeline_folder(source)
    assert caught.value.code == "model-missing"


def test_no_network_is_one_clear_message(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(PushbackError) as caught:
        open_generator(TINY)
    assert caught.value.code == "hub-unreachable"
    assert "tiny/sd" in caught.value.message
    assert caught.value.hint is not None
    assert "studio" in caught.value.hint


def test_offline_mode_is_respected(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(LedgerError) as caught:
        pipeline_folder(TINY)
    assert caught.value.code == "hub-unreachable"
    assert hub.fetched == []
