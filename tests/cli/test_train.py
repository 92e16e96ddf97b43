"""Making the shipped files again: what must be there, and what is made."""

from __future__ import annotations

import filecmp
import hashlib
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from ledger.generate.profiles import STUDIO_FOLDER
from ledger.lab.train.copy.network import CopyNetwork
from ledger.lab.train.efficientnet import EfficientNetLite0
from ledger.lab.train.pictures import SourcePicture
from ledger.lab.train.studio.pictures import gather, wanted
from tests.cli.commands import Commands


def test_packages_that_are_missing_are_named(artledger: Commands, tmp_path: Path) -> None:
    ended = artledger("train", "null-set", "--assets", tmp_path, "--out", tmp_path / "made", "--json")
    assert ended.code == 3
    assert ended.json["error"]["code"] == "assets-missing"


def test_a_folder_that_cannot_be_made(artledger: Commands, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    studio = ("studio", "--part", "copy", "--checkpoints", tmp_path)
    for command in (studio, ("null-set",)):
        ended = artledger("train", *command, "--out", tmp_path / "file", "--json")
        assert ended.code == 2
        assert ended.json["error"]["code"] == "file-unwritable"


@pytest.mark.needs("openclipart")
def test_a_smoke_run_trains_resumes_and_writes_weights(artledger: Commands, tmp_path: Path) -> None:
    words = (
        "train",
        "studio",
        "--part",
        "copy",
        "--smoke",
        "--checkpoints",
        tmp_path / "run",
        "--out",
        tmp_path / "made",
    )
    first = artledger(*words, "--steps", "3", "--json").json
    assert torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["step"] == 3

    more = artledger(*words, "--json").json

    assert torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["step"] == 6
    assert set(more["pictures"]) == {"openclipart"}
    assert first["sha256"] != more["sha256"] == hashlib.sha256(Path(more["weights"]).read_bytes()).hexdigest()
    network = CopyNetwork(EfficientNetLite0())
    network.load_state_dict(load_file(more["weights"]))


@pytest.mark.slow
@pytest.mark.needs("openclipart")
def test_a_smoke_run_of_every_part_makes_a_pipeline_that_loads(artledger: Commands, tmp_path: Path) -> None:
    from diffusers import StableDiffusionPipeline

    folders = ("--checkpoints", tmp_path / "run", "--out", tmp_path / "made")

    made = artledger("train", "studio", "--part", "all", "--smoke", *folders, "--json").json

    assert list(made) == ["copy", "vae", "clip", "diffusion"]
    folder = tmp_path / "made" / "studio"
    pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    images = pipeline("a red car", num_inference_steps=2, output_type="np").images
    assert images.shape == (1, 128, 128, 3)
    digests = (folder / "manifest.txt").read_text().split()
    assert digests == sorted(set(digests))
    pictures = made["diffusion"]["pictures"]["openclipart"]
    assert pictures <= len(digests) <= 2 * pictures, "each has one form, or one of each package"
    assert not list(folder.rglob("*.bin"))


@pytest.mark.slow
def test_diffusion_goes_on_from_the_shipped_parts(artledger: Commands, tmp_path: Path) -> None:
    (tmp_path / "run" / "studio-smoke").mkdir(parents=True)
    learnt = next(maker for maker in map(str, range(100)) if wanted("openmoji", maker))
    gather(
        [SourcePicture("openmoji", "1F697.svg", learnt, Image.new("RGB", (60, 60), "red"), ("0" * 64,))],
        tmp_path / "run" / "studio-smoke" / "pictures.safetensors",
    )
    folders = ("--checkpoints", tmp_path / "run", "--out", tmp_path / "made")
    assert artledger("train", "studio", "--part", "diffusion", "--smoke", *folders, "--json").code == 0
    for part in ("vae", "text_encoder", "tokenizer", "image_encoder", "feature_extractor"):
        compared = filecmp.dircmp(STUDIO_FOLDER / part, tmp_path / "made" / "studio" / part)
        assert [*compared.left_only, *compared.diff_files, *compared.right_only] == [], part
    made, shipped = (
        load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
        for folder in (tmp_path / "made" / "studio", STUDIO_FOLDER)
    )
    kept = [name for name in shipped if not name.startswith("add_embedding")]
    assert max(float((made[name] - shipped[name]).abs().max()) for name in kept) < 0.1, "four steps change little"
