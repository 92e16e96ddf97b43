"""The studio's UNet: latent diffusion (Rombach et al. 2022) conditioned on the small CLIP's text tower.

Trained to predict v (Salimans and Ho 2022) on a schedule that ends in pure noise (Lin et al. 2024), so that white
grounds come out white.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn

from ledger.train.studio import vae as autoencoder
from ledger.train.studio.captions import caption, colour_of
from ledger.train.studio.clip import TEXT_WIDTH, tokens
from ledger.train.studio.course import Plan
from ledger.train.studio.pictures import SIDE, StudioPictures
from ledger.train.studio.prompts import PROMPTS
from ledger.train.studio.sheet import save_sheet
from ledger.train.studio.variations import vary

PLAN = Plan(steps=9000, batch=32, rate=4e-4, average=0.998, checkpoint_every=250)
VARIANTS = 4
"""Of each picture: their latents are computed once. The first is the picture itself."""
_WITHOUT_PROMPT = 0.1
"""Share of examples that learn what a picture is without being told which (classifier-free guidance)."""
_ASKED_FOR = 0.9
"""Share of examples that show what people ask for (common-subjects.txt)."""
_UNNAMED = 0.05
"""Weight among the rest of a picture without a subject that others share; one whose subject n share has n ** -0.5."""
_PART = 32


def new_unet() -> UNet2DConditionModel:
    """Random weights; 18 million parameters."""
    return UNet2DConditionModel(
        sample_size=SIDE // autoencoder.FACTOR,
        in_channels=autoencoder.LATENT_CHANNELS,
        out_channels=autoencoder.LATENT_CHANNELS,
        layers_per_block=1,
        block_out_channels=(96, 192, 224),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=8,
        norm_num_groups=32,
    ).to(memory_format=torch.channels_last)


def new_scheduler() -> DDIMScheduler:
    """Deterministic at eta 0: the seed alone decides."""
    return DDIMScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        clip_sample=False,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        set_alpha_to_one=True,
        steps_offset=1,
        timestep_spacing="trailing",
    )


@dataclass(frozen=True, slots=True)
class TrainedParts:
    """What the UNet learns between; fixed, in evaluation mode."""

    vae: Any
    tokenizer: Any
    text_encoder: Any


class DiffusionLesson:
    """Taking noise out of latents."""

    def __init__(self, pictures: StudioPictures, parts: TrainedParts, plan: Plan, folder: Path) -> None:
        torch.manual_seed(plan.seed)
        self.learner: Any = new_unet()
        self._scheduler = new_scheduler()
        self._parts = parts
        self._pictures = pictures
        self._plan = plan
        self._sheets = folder
        self._weights = _weights(pictures)
        self._latents, self._colours = _variants(pictures, parts.vae, plan.seed, folder / "latents.pt")

    def loss(self, _done: float, rng: np.random.Generator) -> Tensor:
        chosen = rng.choice(len(self._pictures), size=self._plan.batch, p=self._weights)
        variants = rng.integers(VARIANTS, size=self._plan.batch)
        clean = self._latents[chosen, variants].float()
        noise = torch.randn_like(clean)
        times = torch.randint(0, self._scheduler.config.num_train_timesteps, (len(clean),))
        noisy = self._scheduler.add_noise(clean, noise, times)
        wanted = self._scheduler.get_velocity(clean, noise, times)
        with torch.autocast("cpu", torch.bfloat16):
            made = self.learner(
                noisy.contiguous(memory_format=torch.channels_last), times, self._told(chosen, variants, rng)
            ).sample
        # Every noise level counts alike: what a picture shows is decided where there is most noise.
        loss: Tensor = (made.float() - wanted).square().mean()
        return loss

    @torch.no_grad()
    def sample(self, averaged: nn.Module) -> None:
        pipeline = as_pipeline(self._parts, averaged)
        noise = torch.Generator().manual_seed(0)
        with torch.autocast("cpu", torch.bfloat16):
            made = pipeline(
                list(PROMPTS) * 2, num_inference_steps=20, guidance_scale=4.0, generator=noise, output_type="np"
            ).images
        save_sheet((made * 255).round().astype(np.uint8), self._sheets / "diffusion.png", across=8)

    @torch.no_grad()
    def _told(self, chosen: Any, variants: Any, rng: np.random.Generator) -> Tensor:
        captions = [
            ""
            if rng.random() < _WITHOUT_PROMPT
            else caption(self._pictures.subjects[index], self._colours[index][variant], rng)
            for index, variant in zip(chosen, variants, strict=True)
        ]
        hidden: Tensor = self._parts.text_encoder(**tokens(self._parts.tokenizer, captions)).last_hidden_state
        return hidden


def as_pipeline(parts: TrainedParts, unet: Any) -> Any:
    """An ordinary StableDiffusionPipeline of the parts."""
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline(
        vae=parts.vae,
        text_encoder=parts.text_encoder,
        tokenizer=parts.tokenizer,
        unet=unet,
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _weights(pictures: StudioPictures) -> NDArray[np.float64]:
    """How often each picture is learnt from: subjects that people ask for alike, whatever their number; of the rest,
    rare ones more often than their number.
    """
    asked_for = frozenset(resources.files(__package__).joinpath("common-subjects.txt").read_text().split())
    common = Counter(word for subjects in pictures.subjects for word in subjects.words)
    asked = _shares([[1 / common[word] for word in each.words if word in asked_for] for each in pictures.subjects])
    rest = _shares([[common[word] ** -0.5 for word in each.words] or [_UNNAMED] for each in pictures.subjects])
    return rest if not asked.any() else _ASKED_FOR * asked + (1 - _ASKED_FOR) * rest


def _shares(weights: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Each picture's largest weight, their sum 1; 0 for those without."""
    largest: NDArray[np.float64] = np.array([max(each, default=0.0) for each in weights])
    total = largest.sum()
    return largest if total == 0 else largest / total


@torch.no_grad()
def _variants(pictures: StudioPictures, vae: Any, seed: int, cache: Path) -> tuple[Tensor, list[list[str | None]]]:
    """Scaled latents (n, VARIANTS, 4, 16, 16), float16, and the colour seen in each."""
    if cache.exists():
        kept = torch.load(cache, weights_only=True)
        return kept["latents"], kept["colours"]
    latents = torch.empty(len(pictures), VARIANTS, autoencoder.LATENT_CHANNELS, SIDE // 8, SIDE // 8, dtype=torch.half)
    colours: list[list[str | None]] = []
    for index in range(len(pictures)):
        rng = np.random.default_rng([seed, index])
        plain = pictures.pixels[index]
        shown = np.stack([plain, *(vary(plain, rng) for _ in range(VARIANTS - 1))])
        latents[index] = (autoencoder.encode(vae, shown) * vae.config.scaling_factor).half()
        colours.append([colour_of(picture) for picture in shown])
    torch.save({"latents": latents, "colours": colours}, cache)
    return latents, colours
