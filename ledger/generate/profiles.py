"""The models of each profile: `studio`, which comes with this package, and `hub`, by repository and commit.

Studio models are not CLIP, Stable Diffusion or FLUX; records identify the model by digest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from ledger import fingerprint
from ledger.errors import InputError

Profile = Literal["studio", "hub"]

STUDIO_FOLDER = Path(fingerprint.__file__).parent / "weights" / "studio"
STUDIO_NAME = "artledger-studio"
STUDIO_WEIGHTS = "5cf7600c9b18cb570f8e0f2678aa66a6098cdf557bd7291e94ae5d852ace174e"
"""Digest of its weights in records, which contain no model names."""

_HUB_ID = re.compile(r"(?P<repository>[\w-][\w.-]{0,95}/[\w-][\w.-]{0,95})@(?P<revision>[0-9a-f]{40})", re.ASCII)


@dataclass(frozen=True, slots=True)
class FolderModel:
    """A pipeline's folder on this machine."""

    path: Path
    name: str
    steps: int | None = None
    """Default number of steps; None: that of its class."""
    guidance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class HubModel:
    """A repository of the hub at one commit, since a name alone could mean another model later."""

    repository: str
    revision: str
    """40 hex digits."""
    variant: str | None = None
    """`fp16` halves the download, if the repository has it."""


ModelSource = FolderModel | HubModel


@dataclass(frozen=True, slots=True)
class EncoderSources:
    """Sources of a profile's encoders: a folder, or a repository whose root is the encoder's folder."""

    clip: ModelSource
    vae: ModelSource


SD15 = HubModel("stable-diffusion-v1-5/stable-diffusion-v1-5", "451f4fe16113bff5a5d2269ed5ad43b0592e9a14", "fp16")
SDXL = HubModel("stabilityai/stable-diffusion-xl-base-1.0", "462165984030d82259a11f4367a4eed129e94a7b", "fp16")
FLUX_SCHNELL = HubModel("black-forest-labs/FLUX.1-schnell", "741f7c3ce8b383c54771c7003378a50191e9efe9")
STUDIO = FolderModel(STUDIO_FOLDER, STUDIO_NAME, steps=20, guidance=Decimal(6))

GENERATORS: Mapping[str, ModelSource] = {
    "studio": STUDIO,
    "sd15": SD15,
    "sdxl": SDXL,
    "flux-schnell": FLUX_SCHNELL,
}
"""Models by short name. Hub models are under their publishers' licences, which you accept by downloading them."""

ENCODERS: Mapping[Profile, EncoderSources] = {
    "studio": EncoderSources(
        clip=FolderModel(STUDIO_FOLDER / "image_encoder", STUDIO_NAME),
        vae=FolderModel(STUDIO_FOLDER / "vae", STUDIO_NAME),
    ),
    "hub": EncoderSources(
        clip=HubModel("openai/clip-vit-large-patch14", "32bd64288804d66eefd0ccbe215aa642df71cc41"),
        vae=HubModel("stabilityai/sd-vae-ft-mse", "31f26fdeee1355a5c34592e401dd41e45d25a493"),
    ),
}


def generator_source(profile: Profile, generator: str | None) -> ModelSource:
    """The generator in the settings: a short name, `owner/name@commit` of the hub, or a folder; else the profile's.

    Raises InputError (`bad-generator`).
    """
    if generator is None:
        return STUDIO if profile == "studio" else SD15
    if generator in GENERATORS:
        return GENERATORS[generator]
    if named := _HUB_ID.fullmatch(generator):
        return HubModel(named["repository"], named["revision"])
    folder = Path(generator).expanduser().absolute()
    if not generator or not folder.is_dir():
        raise InputError(
            f"unknown generator {generator[:200]!r}: there is no such folder, and no model has this short name",
            code="bad-generator",
            hint=f"Use one of {', '.join(GENERATORS)}, the folder of a pipeline, or OWNER/NAME@COMMIT of the hub (40 "
            "digits).",
        )
    return FolderModel(folder, folder.name)
