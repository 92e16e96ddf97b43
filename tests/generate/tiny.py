"""Tiny pipelines with random weights, saved and loaded like real ones: Stable Diffusion, Stable Diffusion XL and FLUX.

They know nothing, but run through the classes of the real ones in a tenth of a second, and what they make has
enough contrast to be compared.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from tokenizers import Tokenizer
from tokenizers.models import Unigram
from transformers import (
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)

SIDE = 32
"""Pixels that the tiny Stable Diffusion models are made for."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_WIDTH = 32
_TOKENS = 16


def save_tiny_sd(folder: Path, seed: int = 0) -> Path:
    """As the shipped studio models: with image encoder and feature extractor beside what makes pictures."""
    torch.manual_seed(seed)
    StableDiffusionPipeline(
        vae=_vae(4),
        text_encoder=CLIPTextModel(text_config()),
        tokenizer=clip_tokenizer(),
        unet=_unet(cross_attention_dim=_WIDTH),
        scheduler=DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}),
        image_encoder=_image_encoder(),
        requires_safety_checker=False,
    ).save_pretrained(folder, safe_serialization=True)
    return folder


def save_tiny_sdxl(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    tokenizer = clip_tokenizer()
    StableDiffusionXLPipeline(
        vae=_vae(4),
        text_encoder=CLIPTextModel(text_config()),
        text_encoder_2=CLIPTextModelWithProjection(text_config()),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=_unet(
            cross_attention_dim=2 * _WIDTH,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + _WIDTH,
        ),
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear", steps_offset=1),
        add_watermarker=False,
    ).save_pretrained(folder, safe_serialization=True)
    return folder


def save_tiny_flux(folder: Path, seed: int = 0) -> Path:
    """As FLUX.1-schnell: without guidance embeddings."""
    torch.manual_seed(seed)
    FluxPipeline(
        vae=_vae(1),
        text_encoder=CLIPTextModel(text_config()),
        text_encoder_2=T5EncoderModel(
            T5Config(vocab_size=64, d_model=_WIDTH, d_kv=8, d_ff=_WIDTH, num_layers=1, num_heads=4)
        ),
        tokenizer=clip_tokenizer(),
        tokenizer_2=_t5_tokenizer(),
        transformer=FluxTransformer2DModel(
            in_channels=4,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=_WIDTH,
            pooled_projection_dim=_WIDTH,
            axes_dims_rope=(4, 6, 6),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    ).save_pretrained(folder, safe_serialization=True)
    return folder


SAVERS: dict[str, Callable[[Path], Path]] = {"sd": save_tiny_sd, "sdxl": save_tiny_sdxl, "flux": save_tiny_flux}


@pytest.fixture(scope="session")
def tiny_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One folder for each family, shared: import it into a conftest.py or a test file. Nobody may write there."""
    return {name: save(tmp_path_factory.mktemp("tiny") / name) for name, save in SAVERS.items()}


def text_config() -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=2 * len(_LETTERS) + 2,
        hidden_size=_WIDTH,
        intermediate_size=_WIDTH,
        projection_dim=_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=_TOKENS,
        bos_token_id=2 * len(_LETTERS),
        eos_token_id=2 * len(_LETTERS) + 1,
        pad_token_id=2 * len(_LETTERS) + 1,
    )


def _image_encoder() -> Any:
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            image_size=SIDE,
            patch_size=8,
            hidden_size=_WIDTH,
            intermediate_size=_WIDTH,
            projection_dim=_WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
        )
    )


def _vae(latent_channels: int) -> Any:
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=latent_channels,
        layers_per_block=1,
        norm_num_groups=4,
        sample_size=SIDE,
        shift_factor=0.1 if latent_channels == 1 else None,
    )
    with torch.no_grad():
        vae.decoder.conv_out.weight.mul_(4)  # contrast
    return vae


def _unet(**more: Any) -> Any:
    return UNet2DConditionModel(
        sample_size=SIDE // 8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=4,
        **more,
    )


def clip_tokenizer() -> Any:
    """Letter by letter, made from the files that such a tokenizer consists of."""
    words = [*_LETTERS, *(f"{letter}</w>" for letter in _LETTERS), "<|startoftext|>", "<|endoftext|>"]
    with TemporaryDirectory() as name:
        source = Path(name)
        (source / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
        (source / "merges.txt").write_text("#version: 0.2\n")
        return CLIPTokenizer.from_pretrained(source, model_max_length=_TOKENS)


def _t5_tokenizer() -> Any:
    words = ["<pad>", "</s>", "<unk>", "▁", *_LETTERS]
    model = Unigram([(word, -float(number)) for number, word in enumerate(words)], unk_id=2)
    return T5TokenizerFast(tokenizer_object=Tokenizer(model), extra_ids=0, model_max_length=_TOKENS)
