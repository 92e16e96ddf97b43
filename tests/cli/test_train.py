"""Making the shipped files again: what must be there, and what is made."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ledger.corpus.openclipart import SVG_ROOT
from ledger.fingerprint.copy_network import CopyNetwork
from ledger.fingerprint.efficientnet import EfficientNetLite0
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


@pytest.mark.skipif(not SVG_ROOT.is_dir(), reason="Debian's openclipart-svg is not installed")
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
