"""What the settings `profile` and `generator` mean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.errors import InputError
from ledger.generate.folder import open_folder
from ledger.generate.profiles import (
    ENCODERS,
    FLUX_SCHNELL,
    GENERATORS,
    SD15,
    SDXL,
    STUDIO,
    STUDIO_FOLDER,
    STUDIO_NAME,
    STUDIO_WEIGHTS,
    FolderModel,
    HubModel,
    generator_source,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_each_profile_has_a_generator_and_encoders() -> None:
    assert generator_source("studio", None) is STUDIO
    assert generator_source("hub", None) is SD15
    assert isinstance(ENCODERS["studio"].clip, FolderModel)
    assert isinstance(ENCODERS["hub"].clip, HubModel)


def test_short_names_commits_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert generator_source("studio", "sdxl") is SDXL
    assert generator_source("hub", "studio") is STUDIO
    assert generator_source("studio", "flux-schnell") is FLUX_SCHNELL
    assert generator_source("studio", f"owner/name.v1@{COMMIT}") == HubModel("owner/name.v1", COMMIT)
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert generator_source("studio", "mine") == FolderModel(tmp_path / "mine", "mine")


@pytest.mark.parametrize(
    "named", ["owner/name", "owner/name@main", f"a/../b@{COMMIT}", f"owner/name@{COMMIT}0", "", "nothing"]
)
def test_a_model_of_the_hub_is_named_with_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        generator_source("hub", named)
    assert caught.value.code == "bad-generator"


def test_every_model_of_the_hub_is_pinned() -> None:
    sources = [*GENERATORS.values(), ENCODERS["hub"].clip, ENCODERS["hub"].vae]
    pinned = [source for source in sources if isinstance(source, HubModel)]
    assert len(pinned) == 5
    assert all(re.fullmatch("[0-9a-f]{40}", source.revision) for source in pinned)


def test_the_studio_models_weights_are_those_that_headlines_name() -> None:
    facts = open_folder(STUDIO_FOLDER).facts(STUDIO_NAME, None)
    assert facts.weights_sha256 == STUDIO_WEIGHTS
