"""What the UNet learns between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ledger.train.studio.captions import Subjects
from ledger.train.studio.course import Plan
from ledger.train.studio.diffusion import LATENTS, DiffusionLesson, TrainedParts
from ledger.train.studio.pictures import SIDE, StudioPictures
from ledger.train.studio.vae import new_vae


def _pictures(*words: str) -> StudioPictures:
    """One of each subject."""
    return StudioPictures(
        names=tuple(f"openmoji/{number}" for number in range(len(words))),
        pixels=np.random.default_rng(0).integers(256, size=(len(words), SIDE, SIDE, 3), dtype=np.uint8),
        subjects=tuple(Subjects(title=word, words=(word,) if word else ()) for word in words),
        sha256=tuple(f"{number:064x}" for number in range(len(words))),
    )


def test_latents_are_kept_for_one_vae_alone(tmp_path: Path) -> None:
    def latents(seed: int) -> float:
        torch.manual_seed(seed)
        parts = TrainedParts(new_vae().eval(), None, None)
        DiffusionLesson(_pictures("car", "star"), parts, Plan(steps=1, batch=1, rate=0.1), tmp_path)
        kept: torch.Tensor = torch.load(tmp_path / LATENTS, weights_only=True)["latents"]
        assert kept.shape == (2, 4, 4, SIDE // 8, SIDE // 8)
        return float(kept.float().abs().sum())

    first = latents(1)
    changed = (tmp_path / LATENTS).stat().st_mtime_ns
    assert latents(1) == first
    assert (tmp_path / LATENTS).stat().st_mtime_ns == changed
    assert latents(2) != first
