"""The studio's AutoencoderKL: 128x128 pictures to 16x16 latents of 4 channels and back.

Trained by absolute error, by the distance of ImageNet features (the idea of LPIPS, Zhang et al. 2018) and by a small KL
term, as in Rombach et al. 2022, without the adversary.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor, nn

from ledger.image.canonical_image import Pixels
from ledger.lab.train.efficientnet import load_efficientnet_lite0
from ledger.lab.train.studio.course import StudioTrainingPlan
from ledger.lab.train.studio.pictures import SIDE, StudioPictures
from ledger.lab.train.studio.sheet import save_sheet
from ledger.lab.train.studio.variations import vary

LATENT_CHANNELS = 4
FACTOR = 8
PLAN = StudioTrainingPlan(steps=900, batch=16, rate=1e-3)
_CROP = 96
"""Side, in pixels, of training crops: without attention, crops train as well as whole pictures, at half the cost."""
_KL = 1e-6
_LOG_VARIANCE = -6.0
_TINT = 1.0
"""Weight of the mean colour of each latent's patch."""
_HINTED = 0.4
"""Share of the steps in which three channels are pulled towards that colour, less and less. Without this, the VAE
learns shapes from brightness alone, and colours hundreds of steps later."""
_FEATURES = 0.2
_FEATURE_BLOCKS = 5
"""Blocks of EfficientNet-Lite0 for feature distance: edges, corners and small shapes."""


def new_vae() -> AutoencoderKL:
    """Random weights; 2.6 million parameters. Latents start with little noise, or only brightness gets through."""
    vae = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(16, 32, 64, 128),
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=4,  # groups of one channel would remove each picture's mean colour
        sample_size=SIDE,
        mid_block_add_attention=False,
    )
    with torch.no_grad():
        vae.quant_conv.bias[LATENT_CHANNELS:] = _LOG_VARIANCE
    return vae.to(memory_format=torch.channels_last)


class VaeLesson:
    """Reconstructing pictures."""

    def __init__(self, pictures: StudioPictures, plan: StudioTrainingPlan, sheets: Path) -> None:
        torch.manual_seed(plan.seed)
        self.learner: Any = new_vae()
        self._features = _EarlyFeatures()
        self._pictures = pictures
        self._plan = plan
        self._sheets = sheets

    def loss(self, done: float, rng: np.random.Generator) -> Tensor:
        chosen = rng.integers(len(self._pictures), size=self._plan.batch)
        inputs = as_input(np.stack([_crop(vary(self._pictures.pixels[index], rng), rng) for index in chosen]))
        posterior = self.learner.encode(inputs).latent_dist
        outputs = self.learner.decode(posterior.sample()).sample
        apart = (outputs - inputs).abs().mean()
        felt = self._features.distance(outputs, inputs)
        colours = nn.functional.avg_pool2d(inputs, FACTOR)
        hint = (posterior.mode()[:, :3] - 2 * colours).square().mean() * max(0.0, 1 - done / _HINTED)
        tint = (nn.functional.avg_pool2d(outputs, FACTOR) - colours).abs().mean()
        loss: Tensor = hint + apart + _TINT * tint + _FEATURES * felt + _KL * posterior.kl().mean()
        return loss

    @torch.no_grad()
    def sample(self, averaged: nn.Module) -> None:
        vae: Any = averaged
        inputs = as_input(self._pictures.pixels[:: max(1, len(self._pictures) // 16)][:16])
        outputs = vae.decode(vae.encode(inputs).latent_dist.mode()).sample
        save_sheet(np.concatenate([as_pixels(inputs), as_pixels(outputs)]), self._sheets / "vae.png", across=8)


def _crop(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    left, top = rng.integers(pixels.shape[1] - _CROP + 1), rng.integers(pixels.shape[0] - _CROP + 1)
    return pixels[top : top + _CROP, left : left + _CROP]


@torch.no_grad()
def set_scaling(vae: Any, pictures: StudioPictures) -> None:
    """Sets `scaling_factor`, which gives latents unit variance, as diffusers expects."""
    latents = torch.cat(
        [encode(vae, pictures.pixels[start : start + 32]) for start in range(0, min(512, len(pictures)), 32)]
    )
    vae.register_to_config(scaling_factor=round(float(1 / latents.std()), 4))


@torch.no_grad()
def encode(vae: Any, pixels: NDArray[np.uint8]) -> Tensor:
    """Means of the latents before scaling, shape (n, 4, height / 8, width / 8)."""
    means: Tensor = vae.encode(as_input(pixels)).latent_dist.mode()
    return means


def as_input(pixels: NDArray[np.uint8]) -> Tensor:
    """Converts (n, height, width, 3) bytes to (n, 3, height, width) in [-1, 1]."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1


def as_pixels(values: Tensor) -> NDArray[np.uint8]:
    """The inverse of `as_input`."""
    bytes_ = ((values.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    pixels: NDArray[np.uint8] = bytes_.permute(0, 2, 3, 1).contiguous().numpy()
    return pixels


class _EarlyFeatures(nn.Module):
    """The first blocks of a network trained on ImageNet, fixed."""

    def __init__(self) -> None:
        super().__init__()
        backbone = load_efficientnet_lite0()
        self._stem = backbone.stem
        self._blocks = nn.ModuleList(list(backbone.blocks)[:_FEATURE_BLOCKS])
        self.requires_grad_(requires_grad=False).eval()

    def distance(self, outputs: Tensor, inputs: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = self._maps(inputs)
        made = self._maps(outputs)
        distances = [(a - b).square().sum(1).mean() for a, b in zip(made, wanted, strict=True)]
        return torch.stack(distances).mean()

    def _maps(self, pictures: Tensor) -> list[Tensor]:
        current = nn.functional.relu6(self._stem(pictures))
        maps = [current]
        for block in self._blocks:
            current = block(current)
            maps.append(current)
        return [nn.functional.normalize(each, dim=1) for each in maps]
