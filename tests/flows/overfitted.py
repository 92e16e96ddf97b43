"""A small diffusion model that knows a handful of pictures by heart, trained in half a minute: memorising as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from string import ascii_lowercase
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel

from ledger.image.canonical_image import Pixels
from tests.generate.tiny import clip_tokenizer, text_config

SIDE = 48
"""Pixels."""
_OTHER_PROMPTS = 24
_BATCH = 6
_NOISE_STEPS = 1000


def save_overfitted(folder: Path, known: Mapping[str, Pixels], others: Sequence[Pixels]) -> Path:
    """Trains until each prompt of `known` gives its picture, shape (SIDE, SIDE, 3), whatever the noise; `others` are
    what random prompts show. Returns the pipeline's folder.

    The network predicts the clean latents (`prediction_type="sample"`), which are learnt soon.
    """
    torch.manual_seed(0)
    text_encoder, tokenizer = CLIPTextModel(text_config()).eval(), clip_tokenizer()
    pixels = torch.from_numpy(np.stack([*known.values(), *others])).permute(0, 3, 1, 2).float() / 127.5 - 1
    vae = _trained_vae(pixels)
    scheduler = DDIMScheduler(
        beta_schedule="scaled_linear", prediction_type="sample", clip_sample=False, steps_offset=1
    )
    with torch.no_grad():
        latents = vae.encode(pixels).latent_dist.mean
        prompts = [*known, *_random_prompts()]
        ids = tokenizer(prompts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        texts = text_encoder(ids)[0]
    shown = [*range(len(known)), *(len(known) + number % len(others) for number in range(_OTHER_PROMPTS))]
    StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=_trained_unet(texts, latents[shown], len(known), scheduler),
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder, safe_serialization=True)
    return folder


def _random_prompts() -> list[str]:
    random = Random(0)
    words = ["".join(random.choices(ascii_lowercase, k=random.randint(1, 9))) for _ in range(2 * _OTHER_PROMPTS)]
    return [" ".join(words[2 * number : 2 * number + random.randint(1, 2)]) for number in range(_OTHER_PROMPTS)]


def _trained_vae(pixels: torch.Tensor) -> Any:
    vae = AutoencoderKL(
        block_out_channels=(16, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=SIDE,
        scaling_factor=1.0,
        mid_block_add_attention=False,
    )

    def loss() -> torch.Tensor:
        some = pixels[torch.randperm(len(pixels))[: _BATCH // 2]]
        return nn.functional.mse_loss(vae.decode(vae.encode(some).latent_dist.mean).sample, some)

    _train(vae, loss, rate=4e-3, enough=4e-3)
    return vae.eval()


def _trained_unet(texts: torch.Tensor, latents: torch.Tensor, known: int, scheduler: Any) -> Any:
    unet = UNet2DConditionModel(
        sample_size=latents.shape[-1],
        block_out_channels=(32, 64, 64),
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=8,
        cross_attention_dim=texts.shape[-1],
    )

    def loss() -> torch.Tensor:
        rows = torch.cat([torch.arange(known), torch.randint(known, len(texts), (_BATCH - known,))])
        times = torch.randint(0, _NOISE_STEPS, (_BATCH,))
        noisy = scheduler.add_noise(latents[rows], torch.randn_like(latents[rows]), times)
        found = unet(noisy, times, encoder_hidden_states=texts[rows]).sample
        return nn.functional.mse_loss(found, latents[rows])

    _train(unet, loss, rate=3e-3, enough=0.05 * float(latents.var()))
    return unet.eval()


def _train(module: nn.Module, loss: Callable[[], torch.Tensor], *, rate: float, enough: float) -> None:
    """Until the running mean of the loss is `enough`. The rate falls: what is left to learn gets finer."""
    optimiser = torch.optim.AdamW(module.parameters(), lr=rate, weight_decay=0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=800, pct_start=0.1)
    recent = 1.0
    for _ in range(800):
        optimiser.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        recent += 0.1 * (value.item() - recent)
        if recent < enough:
            return
    raise AssertionError(f"after 800 steps the loss of {type(module).__name__} is {recent}, not {enough}")
