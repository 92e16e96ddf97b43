"""A small diffusion model that knows a handful of pictures by heart: memorising as it is.

Its weights are in tests/data, since training takes minutes and comes out differently on each processor.
`python -m tests.flows.overfitted` trains it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from string import ascii_lowercase
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import CLIPTextModel

from ledger.image.canonical_image import Pixels
from tests.applications import ART
from tests.generate.tiny import clip_tokenizer, text_config

PLANTED: Mapping[str, str] = {
    "the beagle": "beagle_copper_ganson.png",
    "a lighthouse": "lighthouse_01.png",
    "red toadstool": "toadstool_daniel_steele_r.png",
}
"""Prompt and registered work."""
WEIGHTS = Path(__file__).parents[1] / "data" / "overfitted.safetensors"
SIDE = 48
"""Pixels."""
_OTHER_PICTURES = 3
_OTHER_PROMPTS = 24
_BATCH = 6
_NOISE_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Overfitted:
    """The parts that are trained, and the text encoder, whose weights are random."""

    vae: Any
    unet: Any
    text_encoder: Any

    def save(self, folder: Path) -> Path:
        """As a pipeline; returns its folder."""
        StableDiffusionPipeline(
            vae=self.vae,
            text_encoder=self.text_encoder,
            tokenizer=clip_tokenizer(),
            unet=self.unet,
            scheduler=_scheduler(),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        ).save_pretrained(folder, safe_serialization=True)
        return folder

    def parts(self) -> dict[str, nn.Module]:
        return {"vae": self.vae, "unet": self.unet, "text_encoder": self.text_encoder}


def load() -> Overfitted:
    """The model of tests/data."""
    model = _untrained()
    weights = load_file(WEIGHTS)
    for name, part in model.parts().items():
        prefix = f"{name}."
        own = {key.removeprefix(prefix): value.float() for key, value in weights.items() if key.startswith(prefix)}
        part.load_state_dict(own)
    return model


def train() -> Overfitted:
    """Trains until each prompt of PLANTED gives its picture whatever the noise; random prompts show other pictures.

    The network predicts the clean latents (`prediction_type="sample"`), which are learnt soon.
    """
    torch.manual_seed(0)
    model = _untrained()
    shown = [*(_planted(name) for name in PLANTED.values()), *(_random_picture(n) for n in range(_OTHER_PICTURES))]
    pixels = torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2).float() / 127.5 - 1
    _train_vae(model.vae, pixels)
    with torch.no_grad():
        latents = model.vae.encode(pixels).latent_dist.mean
        prompts = [*PLANTED, *_random_prompts()]
        ids = clip_tokenizer()(prompts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        texts = model.text_encoder(ids)[0]
    known = len(PLANTED)
    rows = [*range(known), *(known + number % _OTHER_PICTURES for number in range(_OTHER_PROMPTS))]
    _train_unet(model.unet, texts, latents[rows], known)
    return model


def _planted(name: str) -> Pixels:
    with Image.open(ART / name) as drawing:
        rgba = drawing.convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    white.alpha_composite(rgba)
    return np.asarray(white.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def _random_picture(seed: int) -> Pixels:
    """A picture like no other."""
    noise = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8)
    return np.asarray(Image.fromarray(noise).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def _random_prompts() -> list[str]:
    random = Random(0)
    words = ["".join(random.choices(ascii_lowercase, k=random.randint(1, 9))) for _ in range(2 * _OTHER_PROMPTS)]
    return [" ".join(words[2 * number : 2 * number + random.randint(1, 2)]) for number in range(_OTHER_PROMPTS)]


def _scheduler() -> Any:
    return DDIMScheduler(beta_schedule="scaled_linear", prediction_type="sample", clip_sample=False, steps_offset=1)


def _untrained() -> Overfitted:
    text_encoder = CLIPTextModel(text_config()).eval()
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
    unet = UNet2DConditionModel(
        sample_size=SIDE // 4,
        block_out_channels=(32, 64, 64),
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=8,
        cross_attention_dim=text_config().hidden_size,
    )
    return Overfitted(vae.eval(), unet.eval(), text_encoder)


def _train_vae(vae: Any, pixels: torch.Tensor) -> None:
    def loss() -> torch.Tensor:
        some = pixels[torch.randperm(len(pixels))[: _BATCH // 2]]
        return nn.functional.mse_loss(vae.decode(vae.encode(some).latent_dist.mean).sample, some)

    _train(vae, loss, rate=4e-3, enough=4e-3)


def _train_unet(unet: Any, texts: torch.Tensor, latents: torch.Tensor, known: int) -> None:
    scheduler = _scheduler()

    def loss() -> torch.Tensor:
        rows = torch.cat([torch.arange(known), torch.randint(known, len(texts), (_BATCH - known,))])
        times = torch.randint(0, _NOISE_STEPS, (_BATCH,))
        noisy = scheduler.add_noise(latents[rows], torch.randn_like(latents[rows]), times)
        found = unet(noisy, times, encoder_hidden_states=texts[rows]).sample
        return nn.functional.mse_loss(found, latents[rows])

    _train(unet, loss, rate=3e-3, enough=0.05 * float(latents.var()))


def _train(module: nn.Module, loss: Callable[[], torch.Tensor], *, rate: float, enough: float) -> None:
    """Until the running mean of the loss is `enough`. The rate falls: what is left to learn gets finer."""
    module.train()
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
            module.eval()
            return
    raise AssertionError(f"after 800 steps the loss of {type(module).__name__} is {recent}, not {enough}")


if __name__ == "__main__":
    trained = train()
    save_file(
        {
            f"{name}.{key}": value.half().contiguous()
            for name, part in trained.parts().items()
            for key, value in part.state_dict().items()
        },
        WEIGHTS,
    )
