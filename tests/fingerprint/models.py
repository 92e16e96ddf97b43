"""A folder of tiny style models with random weights, saved as real ones are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from ledger.fingerprint.style_config import VAE_SIDE, PooledStatistics, vae_config
from ledger.fingerprint.style_models import StyleModels

SIDE = 32
CLIP_DIMENSION = 24


def save_style_models(folder: Path, *, seed: int = 0, activation: str = "quick_gelu") -> StyleModels:
    """`image_encoder`, `feature_extractor` and `vae`, without pooled statistics."""
    torch.manual_seed(seed)
    models = StyleModels.in_folder(folder)
    clip = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            image_size=SIDE,
            patch_size=8,
            hidden_size=48,
            intermediate_size=64,
            projection_dim=CLIP_DIMENSION,
            num_hidden_layers=2,
            num_attention_heads=4,
            hidden_act=activation,
        )
    )
    # Fresh weights are so small that half of the layers could be left out unnoticed.
    for parameter in clip.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.2)
    clip.save_pretrained(models.clip, safe_serialization=True)
    CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}).save_pretrained(
        models.preprocessor
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        layers_per_block=2,
        norm_num_groups=4,
        sample_size=VAE_SIDE,
    )
    for parameter in vae.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.1)
    vae.save_pretrained(models.vae, safe_serialization=True)
    return models


def with_statistics(models: StyleModels, mean: float = 0.1, deviation: float = 2.0) -> StyleModels:
    """The same folder, with statistics that rise from component to component."""
    rising = np.linspace(1, 2, vae_config(models.vae).dimension)
    statistics = PooledStatistics(
        mean=tuple(f"{mean * each:.6f}" for each in rising),
        deviation=tuple(f"{deviation * each:.6f}" for each in rising),
    )
    (models.vae / "pooled_statistics.json").write_bytes(statistics.to_bytes())
    return models
