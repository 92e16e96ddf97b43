"""The studio's UNet: latent diffusion (Rombach et al. 2022) conditioned on the small CLIP's text tower.

Trained to predict v (Salimans and Ho 2022) on a schedule that ends in pure noise (Lin et al. 2024), so that white
grounds come out white.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn

from ledger.lab.train.studio import vae as autoencoder
from ledger.lab.train.studio.captions import colour_of
from ledger.lab.train.studio.clip import TEXT_WIDTH, tokens
from ledger.lab.train.studio.course import StudioTrainingPlan, half_precision
from ledger.lab.train.studio.examples import StudioExample, StudioExamples
from ledger.lab.train.studio.pictures import SIDE, StudioPictures
from ledger.lab.train.studio.prompts import PROMPTS
from ledger.lab.train.studio.sheet import save_sheet
from ledger.lab.train.studio.variations import vary

PLAN = StudioTrainingPlan(steps=5600, batch=32, rate=7e-4, average=0.998, checkpoint_every=250)
LATENTS = "latents.pt"
VARIANTS = 4
"""Variants per picture, whose latents are computed once. The first is the picture itself."""
_PROMPTS = 2000
"""Number of prompts that the text's first projection is made to distinguish."""
_LEAST_VARIANCE = 1e-3
"""As a share of the largest variance: directions in which prompts differ less are noise."""
_PROMPT_WEIGHT = 0.5
"""Initial weight of the prompt relative to the time embedding."""


def new_unet() -> UNet2DConditionModel:
    """Random weights; 10 million parameters.

    The prompt is also pooled into the time embedding, so that every block receives it from the first step.
    Cross-attention alone takes thousands of steps to become useful.
    """
    return UNet2DConditionModel(
        sample_size=SIDE // autoencoder.FACTOR,
        in_channels=autoencoder.LATENT_CHANNELS,
        out_channels=autoencoder.LATENT_CHANNELS,
        layers_per_block=1,
        block_out_channels=(64, 96, 192),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_WIDTH,
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
        attention_head_dim=4,
        norm_num_groups=32,
    ).to(memory_format=torch.channels_last)


def new_scheduler() -> DDIMScheduler:
    """Deterministic at eta 0: the seed determines the picture."""
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
    """The trained parts around the UNet, fixed and in evaluation mode."""

    vae: Any
    tokenizer: Any
    text_encoder: Any


class DiffusionLesson:
    """Removes noise from latents."""

    def __init__(
        self,
        pictures: StudioPictures,
        parts: TrainedParts,
        plan: StudioTrainingPlan,
        folder: Path,
        start: UNet2DConditionModel | None = None,
    ) -> None:
        """`folder` keeps latents and sample sheets. `start`: a UNet for the same latents, to go on from."""
        torch.manual_seed(plan.seed)
        self.learner: Any = new_unet() if start is None else start
        self._scheduler = new_scheduler()
        self._parts = parts
        self._pictures = pictures
        self._plan = plan
        self._sheets = folder
        self._examples = StudioExamples(pictures.subjects)
        self._latents, self._colours = _variants(pictures, parts.vae, plan.seed, folder / LATENTS)
        separate_prompts(self.learner.add_embedding, self._drawn_prompts(plan.seed))

    def loss(self, _done: float, rng: np.random.Generator) -> Tensor:
        examples = [self._examples.draw(rng) for _ in range(self._plan.batch)]
        variants = rng.integers(VARIANTS, size=self._plan.batch)
        clean = self._latents[[each.index for each in examples], variants].float()
        noise = torch.randn_like(clean)
        times = torch.randint(0, self._scheduler.config.num_train_timesteps, (len(clean),))
        noisy = self._scheduler.add_noise(clean, noise, times)
        wanted = self._scheduler.get_velocity(clean, noise, times)
        with half_precision():
            made = self.learner(
                noisy.contiguous(memory_format=torch.channels_last),
                times,
                self._prompt_embeddings(examples, variants, rng),
            ).sample
        # Every noise level has equal weight: the noisiest steps decide what a picture shows.
        loss: Tensor = (made.float() - wanted).square().mean()
        return loss

    @torch.no_grad()
    def sample(self, averaged: nn.Module) -> None:
        pipeline = as_pipeline(self._parts, averaged)
        noise = torch.Generator().manual_seed(0)
        with half_precision():
            made = pipeline(
                list(PROMPTS) * 2, num_inference_steps=20, guidance_scale=4.0, generator=noise, output_type="np"
            ).images
        save_sheet((made * 255).round().astype(np.uint8), self._sheets / "diffusion.png", across=8)

    def _prompt_embeddings(
        self, examples: Sequence[StudioExample], variants: NDArray[np.int64], rng: np.random.Generator
    ) -> Tensor:
        return self._read(
            [
                self._examples.told(each, self._colours[each.index][variant], rng)
                for each, variant in zip(examples, variants, strict=True)
            ]
        )

    def _drawn_prompts(self, seed: int) -> Tensor:
        rng = np.random.default_rng(seed)
        examples = [self._examples.draw(rng) for _ in range(_PROMPTS)]
        return self._prompt_embeddings(examples, rng.integers(VARIANTS, size=_PROMPTS), rng)

    @torch.no_grad()
    def _read(self, prompts: list[str]) -> Tensor:
        """Encoded prompts, shape (n, LENGTH, TEXT_WIDTH)."""
        hidden: Tensor = self._parts.text_encoder(**tokens(self._parts.tokenizer, prompts)).last_hidden_state
        return hidden


@torch.no_grad()
def separate_prompts(embedding: Any, prompts: Tensor) -> None:
    """Initialises the text's projection so that it distinguishes these prompts, shape (n, tokens, width).

    The small text tower gives "a tree" and "a cat" nearly equal embeddings (cosine .97). Whitening makes differences as
    large as what they share, so that training can use them at once.
    """
    pooled = embedding.pool(embedding.norm1(prompts))
    mean = pooled.mean(0)
    variances, axes = torch.linalg.eigh(torch.cov((pooled - mean).T))
    floor = _LEAST_VARIANCE * variances[-1]
    whitening = axes * (variances.clamp(min=floor) ** -0.5)
    turned, _ = torch.linalg.qr(torch.randn(len(embedding.proj.weight), len(mean)))
    embedding.proj.weight.copy_(turned @ whitening.T)
    embedding.proj.bias.copy_(-embedding.proj.weight @ mean)
    embedding.norm2.weight.fill_(_PROMPT_WEIGHT)


def as_pipeline(parts: TrainedParts, unet: Any) -> Any:
    """A standard StableDiffusionPipeline made of the parts."""
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


@torch.no_grad()
def _variants(pictures: StudioPictures, vae: Any, seed: int, cache: Path) -> tuple[Tensor, list[list[str | None]]]:
    """Scaled latents (n, VARIANTS, channels, side, side), float16, and the colour of each variant.

    `cache` keeps them; it is recomputed for other pictures, another VAE or another seed.
    """
    made_of = hashlib.sha256(repr((pictures.sha256, seed, vae.config.scaling_factor)).encode())
    for tensor in vae.state_dict().values():
        made_of.update(tensor.numpy().tobytes())
    if cache.exists():
        kept = torch.load(cache, weights_only=True)
        if kept["made_of"] == made_of.hexdigest():
            return kept["latents"], kept["colours"]
    side = SIDE // autoencoder.FACTOR
    latents = torch.empty(len(pictures), VARIANTS, autoencoder.LATENT_CHANNELS, side, side, dtype=torch.half)
    colours: list[list[str | None]] = []
    for index in range(len(pictures)):
        rng = np.random.default_rng([seed, index])
        plain = pictures.pixels[index]
        shown = np.stack([plain, *(vary(plain, rng) for _ in range(VARIANTS - 1))])
        latents[index] = (autoencoder.encode(vae, shown) * vae.config.scaling_factor).half()
        colours.append([colour_of(picture) for picture in shown])
    torch.save({"latents": latents, "colours": colours, "made_of": made_of.hexdigest()}, cache)
    return latents, colours
