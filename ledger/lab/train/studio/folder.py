"""`artledger train studio --part vae|clip|diffusion`: from pictures to the folder of a StableDiffusionPipeline.

Parts build on each other: diffusion learns in the VAE's latents, from captions encoded by the CLIP's text tower. Each
finished part is written into the folder in float16, and later parts read it from there. A part that was not trained
is the shipped one.
"""

from __future__ import annotations

import filecmp
import hashlib
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import torch

from ledger.generate.profiles import STUDIO_FOLDER
from ledger.lab.train.pictures import SourcePicture
from ledger.lab.train.studio import clip, diffusion, vae
from ledger.lab.train.studio.captions import every_caption
from ledger.lab.train.studio.course import StudioTrainingPlan, StudioTrainingReport, learn
from ledger.lab.train.studio.pictures import StudioPictures, gather, read_studio_pictures
from ledger.lab.train.studio.tokens import new_tokenizer

FOLDER = "studio"
"""Name of the folder of checkpoints and of the folder of results."""
MANIFEST = "manifest.txt"
SMOKE_PICTURES = 64
"""Number of pictures of a smoke run, which takes a minute; its results are useless."""


class Part(StrEnum):
    """The parts, in the order in which they build on each other."""

    VAE = "vae"
    CLIP = "clip"
    DIFFUSION = "diffusion"


PLANS = {Part.VAE: vae.PLAN, Part.CLIP: clip.PLAN, Part.DIFFUSION: diffusion.PLAN}


def smoke(plan: StudioTrainingPlan) -> StudioTrainingPlan:
    """The plan shortened to a few steps on a few pictures."""
    return replace(plan, steps=4, batch=8, checkpoint_every=2)


@dataclass(frozen=True, slots=True)
class Studio:
    """The folders of training: input, checkpoints and output."""

    checkpoints: Path
    folder: Path
    fresh: bool
    """Whether the UNet starts from random weights, and not from the shipped ones. Those fit the shipped VAE alone."""
    progress: Callable[[StudioTrainingReport], None]

    def gathered(self, pictures: Callable[[], Iterable[SourcePicture]], most: int | None) -> StudioPictures:
        """Gathers the pictures once; a resumed run reads them from the checkpoints' folder. Writes the manifest."""
        path = self.checkpoints / "pictures.safetensors"
        if not path.exists():
            gather(pictures(), path, most=most)
        read = read_studio_pictures(path)
        (self.folder / MANIFEST).write_bytes(read.manifest)
        return read

    def train(self, part: Part, pictures: StudioPictures, plan: StudioTrainingPlan) -> Path:
        """Trains one part from its last checkpoint and writes it. Returns the file of its weights."""
        match part:
            case Part.VAE:
                self._vae(pictures, plan)
            case Part.CLIP:
                self._clip(pictures, plan)
            case Part.DIFFUSION:
                self._diffusion(pictures, plan)
        return self.folder / _WEIGHTS[part]

    def _vae(self, pictures: StudioPictures, plan: StudioTrainingPlan) -> None:
        trained: Any = self._learn(Part.VAE, vae.VaeLesson(pictures, plan, self.checkpoints), plan)
        vae.set_scaling(trained, pictures)
        trained.half().save_pretrained(self.folder / "vae")

    def _clip(self, pictures: StudioPictures, plan: StudioTrainingPlan) -> None:
        tokenizer = new_tokenizer(every_caption(pictures.subjects))
        trained = self._learn(Part.CLIP, clip.ClipLesson(pictures, tokenizer, plan, self.checkpoints), plan)
        text, vision = clip.towers(trained)
        tokenizer.save_pretrained(self.folder / "tokenizer")
        text.half().save_pretrained(self.folder / "text_encoder")
        vision.half().save_pretrained(self.folder / "image_encoder")
        clip.image_processor().save_pretrained(self.folder / "feature_extractor")

    def _diffusion(self, pictures: StudioPictures, plan: StudioTrainingPlan) -> None:
        from diffusers import AutoencoderKL
        from transformers import CLIPImageProcessor, CLIPTextModel, CLIPTokenizer, CLIPVisionModelWithProjection

        parts = diffusion.TrainedParts(
            vae=AutoencoderKL.from_pretrained(self._part("vae"), dtype=torch.float32).eval(),
            tokenizer=CLIPTokenizer.from_pretrained(self._part("tokenizer")),
            text_encoder=CLIPTextModel.from_pretrained(self._part("text_encoder"), dtype=torch.float32).eval(),
        )
        lesson = diffusion.DiffusionLesson(pictures, parts, plan, self.checkpoints, self._shipped_unet())
        unet = self._learn(Part.DIFFUSION, lesson, plan)
        pipeline = diffusion.as_pipeline(parts, unet)
        pipeline.register_modules(
            image_encoder=CLIPVisionModelWithProjection.from_pretrained(self._part("image_encoder")),
            feature_extractor=CLIPImageProcessor.from_pretrained(self._part("feature_extractor")),
        )
        # The other parts' files must not change: fingerprints pin them by their bytes.
        unet.half().save_pretrained(self.folder / "unet")
        pipeline.scheduler.save_pretrained(self.folder / "scheduler")
        pipeline.save_config(self.folder)

    def _learn(self, part: Part, lesson: Any, plan: StudioTrainingPlan) -> Any:
        return learn(lesson, plan, self.checkpoints / f"{part}.pt", self.progress)

    def _part(self, name: str) -> Path:
        """The folder of a trained part. Parts that one training writes are also copied together."""
        for part in next(names for names in _TRAINED_TOGETHER if name in names):
            if not (self.folder / part).is_dir():
                shutil.copytree(STUDIO_FOLDER / part, self.folder / part)
        return self.folder / name

    def _shipped_unet(self) -> Any:
        from diffusers import UNet2DConditionModel

        vae = _WEIGHTS[Part.VAE]
        if self.fresh or not filecmp.cmp(STUDIO_FOLDER / vae, self.folder / vae, shallow=False):
            return None
        return UNet2DConditionModel.from_pretrained(STUDIO_FOLDER / "unet", dtype=torch.float32)


_TRAINED_TOGETHER = (("vae",), ("tokenizer", "text_encoder", "image_encoder", "feature_extractor"))
_WEIGHTS = {
    Part.VAE: "vae/diffusion_pytorch_model.safetensors",
    Part.CLIP: "image_encoder/model.safetensors",
    Part.DIFFUSION: "unet/diffusion_pytorch_model.safetensors",
}


def weights_sha256(path: Path) -> str:
    """SHA-256 of one file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
