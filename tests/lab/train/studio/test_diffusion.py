"""What the UNet learns between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import CLIPTextModel

from ledger.lab.train.studio import diffusion
from ledger.lab.train.studio.captions import Subjects
from ledger.lab.train.studio.clip import new_clip, tokens
from ledger.lab.train.studio.course import StudioTrainingPlan
from ledger.lab.train.studio.diffusion import LATENTS, DiffusionLesson, TrainedParts, new_unet, separate_prompts
from ledger.lab.train.studio.pictures import SIDE, StudioPictures
from ledger.lab.train.studio.tokens import new_tokenizer
from ledger.lab.train.studio.vae import new_vae


def _pictures(*words: str) -> StudioPictures:
    """One of each subject."""
    return StudioPictures(
        names=tuple(f"openmoji/{number}" for number in range(len(words))),
        pixels=np.random.default_rng(0).integers(256, size=(len(words), SIDE, SIDE, 3), dtype=np.uint8),
        subjects=tuple(Subjects(title=word, words=(word,) if word else ()) for word in words),
        sha256=tuple((f"{number:064x}",) for number in range(len(words))),
    )


def _text() -> tuple[Any, Any]:
    """Tokeniser and text tower, untrained: to them all prompts are nearly the same."""
    torch.manual_seed(0)
    tokenizer = new_tokenizer(["a red car", "a star", "a tree"])
    return tokenizer, CLIPTextModel(new_clip(tokenizer).config.text_config).eval()


def test_prompts_are_told_apart_from_the_first_step() -> None:
    tokenizer, tower = _text()
    asked = ["a car", "a star", "a tree", "red car", "a red star", "tree", ""]
    with torch.no_grad():
        prompts = tower(**tokens(tokenizer, asked)).last_hidden_state
        embedding: Any = new_unet().add_embedding
        before = _likeness(embedding(prompts))
        separate_prompts(embedding, prompts)
        after = _likeness(embedding(prompts))
    assert before > 0.8
    assert after < 0.5


def _likeness(vectors: torch.Tensor) -> float:
    """The mean cosine of two different rows."""
    cosines = torch.corrcoef(vectors)
    return float((cosines.sum() - cosines.trace()) / (cosines.numel() - len(cosines)))


def test_latents_are_kept_for_one_vae_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diffusion, "_PROMPTS", 40)  # what prompts start from is not asked here

    def latents(seed: int) -> float:
        torch.manual_seed(seed)
        parts = TrainedParts(new_vae().eval(), *_text())
        DiffusionLesson(_pictures("car", "star"), parts, StudioTrainingPlan(steps=1, batch=1, rate=0.1), tmp_path)
        kept: torch.Tensor = torch.load(tmp_path / LATENTS, weights_only=True)["latents"]
        assert kept.shape == (2, 4, 4, SIDE // 8, SIDE // 8)
        return float(kept.float().abs().sum())

    first = latents(1)
    changed = (tmp_path / LATENTS).stat().st_mtime_ns
    assert latents(1) == first
    assert (tmp_path / LATENTS).stat().st_mtime_ns == changed
    assert latents(2) != first
