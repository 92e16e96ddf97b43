"""What the image tower learns of how pictures are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ledger.lab.train.studio.captions import Subjects
from ledger.lab.train.studio.hands import HANDS, NO_TEAM, hands, teams
from ledger.lab.train.studio.pictures import SIDE, StudioPictures


def _pictures(names: list[str]) -> StudioPictures:
    """Odd ones are grey noise, the others flat colours."""
    rng = np.random.default_rng(0)
    pixels = np.empty((len(names), SIDE, SIDE, 3), np.uint8)
    for number in range(len(names)):
        pixels[number] = rng.integers(256, size=(SIDE, SIDE, 1) if number % 2 else (1, 1, 3))
    return StudioPictures(
        names=tuple(names),
        pixels=pixels,
        subjects=tuple(Subjects(title="", words=()) for _ in names),
        sha256=tuple((f"{number:064x}",) for number in range(len(names))),
    )


def test_pictures_drawn_alike_have_like_numbers_and_are_measured_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = _pictures([f"openmoji/{number}" for number in range(12)])
    found = hands(pictures, tmp_path / HANDS)
    assert torch.isfinite(found).all()
    apart = torch.cdist(found, found)
    odd = torch.arange(12) % 2 == 1
    assert apart[odd][:, odd].mean() < apart[odd][:, ~odd].mean()

    monkeypatch.setattr("ledger.lab.train.studio.hands.hand_prints", None)
    assert torch.equal(hands(pictures, tmp_path / HANDS), found)


def test_teams_are_told_and_openclipart_is_none() -> None:
    found = teams(_pictures(["openclipart/a", "openmoji/a", "iconify-noto/a", "openmoji/b"])).tolist()
    assert found[0] == NO_TEAM
    assert found[1] == found[3] != found[2]
