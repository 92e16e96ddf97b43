"""The studio's CLIP: a small text tower and a small image tower with a shared embedding space.

Trained by the contrastive loss of CLIP (Radford et al. 2021) on captions made from titles and keywords. A few thousand
captions teach too little about appearance, so the image embedding also learns to predict three things of the unchanged
picture: an ImageNet network's features, numbers of how it is drawn, and which team drew it (hands.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from ledger.fingerprint.networks.efficientnet import FEATURES
from ledger.lab.train.copy.network import normalised, pool
from ledger.lab.train.efficientnet import load_efficientnet_lite0
from ledger.lab.train.studio.captions import caption, colour_of
from ledger.lab.train.studio.course import StudioTrainingPlan, half_precision
from ledger.lab.train.studio.hands import HANDS, NO_TEAM, hands, teams
from ledger.lab.train.studio.pictures import StudioPictures
from ledger.lab.train.studio.tokens import LENGTH
from ledger.lab.train.studio.variations import vary

PLAN = StudioTrainingPlan(steps=1600, batch=160, rate=8e-4)
SIDE = 128
"""Side, in pixels, of the image tower's input: strokes of the drawings are a pixel or two wide."""
PROJECTION = 256
TEXT_WIDTH = 192
_DISTIL = 2.0
_HAND = 2.0
_TEAM = 0.5
_PART = 16


def new_clip(tokenizer: Any) -> CLIPModel:
    """Random weights; about 5 million parameters."""
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=4 * TEXT_WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        projection_dim=PROJECTION,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    vision = CLIPVisionConfig(
        hidden_size=192,
        intermediate_size=768,
        num_hidden_layers=6,
        num_attention_heads=4,
        image_size=SIDE,
        patch_size=16,
        projection_dim=PROJECTION,
    )
    return CLIPModel(CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=PROJECTION))


class ClipLesson:
    """Which caption belongs to which picture, and how it is drawn. `folder` keeps what is computed once."""

    def __init__(self, pictures: StudioPictures, tokenizer: Any, plan: StudioTrainingPlan, folder: Path) -> None:
        torch.manual_seed(plan.seed)
        self._clip = new_clip(tokenizer)
        self._tokenizer = tokenizer
        self._pictures = pictures
        self._plan = plan
        self._seen = _imagenet_features(pictures)
        self._hands = hands(pictures, folder / HANDS)
        self._teams = teams(pictures)
        self._telling = nn.Linear(PROJECTION, FEATURES)
        self._drawing = nn.Linear(PROJECTION, self._hands.shape[1])
        self._naming = nn.Linear(PROJECTION, int(self._teams.max().clamp(min=0)) + 1)
        self.learner: nn.Module = nn.ModuleDict(
            {"clip": self._clip, "telling": self._telling, "drawing": self._drawing, "naming": self._naming}
        )

    def loss(self, _done: float, rng: np.random.Generator) -> Tensor:
        chosen = rng.choice(len(self._pictures), size=min(self._plan.batch, len(self._pictures)), replace=False)
        pictures = [vary(self._pictures.pixels[index], rng) for index in chosen]
        captions = [
            caption(self._pictures.subjects[index], colour_of(picture), rng)
            for index, picture in zip(chosen, pictures, strict=True)
        ]
        with half_precision():
            vision = self._clip.vision_model(pixel_values=clip_input(pictures))
            text = self._clip.text_model(**tokens(self._tokenizer, captions))
            images = nn.functional.normalize(self._clip.visual_projection(vision.pooler_output).float())
            texts = nn.functional.normalize(self._clip.text_projection(text.pooler_output).float())
        embedded = images * PROJECTION**0.5  # what a fingerprint keeps, with numbers near 1
        logits = self._clip.logit_scale.exp().clamp(max=50) * images @ texts.T
        names = np.array(captions)
        same = torch.from_numpy(names[:, None] == names[None, :])
        # Another picture with the same caption is no wrong answer.
        logits = logits.masked_fill(same & ~torch.eye(len(names), dtype=torch.bool), -1e4)
        right = torch.arange(len(names))
        paired = (nn.functional.cross_entropy(logits, right) + nn.functional.cross_entropy(logits.T, right)) / 2
        told = nn.functional.normalize(self._telling(embedded))
        unlike = 1 - (told * self._seen[chosen].float()).sum(1).mean()
        drawn = nn.functional.mse_loss(self._drawing(embedded), self._hands[chosen])
        return paired + _DISTIL * unlike + _HAND * drawn + _TEAM * self._misnamed(embedded, self._teams[chosen])

    def _misnamed(self, embedded: Tensor, teams: Tensor) -> Tensor:
        if not (teams != NO_TEAM).any():
            return embedded.new_zeros(())
        return nn.functional.cross_entropy(self._naming(embedded), teams, ignore_index=NO_TEAM)

    def sample(self, averaged: nn.Module) -> None:
        """CLIP has no samples to show."""


def tokens(tokenizer: Any, captions: list[str]) -> dict[str, Tensor]:
    """Tokens as StableDiffusionPipeline needs them: padded to the full length, no mask."""
    encoded = tokenizer(captions, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt")
    return {"input_ids": encoded.input_ids}


def clip_input(pictures: list[NDArray[np.uint8]]) -> Tensor:
    """Input of shape (n, 3, SIDE, SIDE), normalised like `image_processor`'s."""
    small = [cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for picture in pictures]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 127.5 - 1


def image_processor() -> Any:
    """The same preprocessing for programs that load the folder."""
    return CLIPImageProcessor(
        size={"height": SIDE, "width": SIDE},
        crop_size={"height": SIDE, "width": SIDE},
        do_center_crop=False,
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )


def towers(learner: Any) -> tuple[CLIPTextModel, CLIPVisionModelWithProjection]:
    """The two towers in the form of the pipeline's folder."""
    clip: CLIPModel = learner["clip"]
    text = CLIPTextModel(clip.config.text_config)
    text.load_state_dict(_matching(clip, text), strict=True)
    vision = CLIPVisionModelWithProjection(clip.config.vision_config)
    vision.load_state_dict(_matching(clip, vision), strict=True)
    return text.eval(), vision.eval()


def _matching(clip: nn.Module, part: nn.Module) -> dict[str, Tensor]:
    whole = clip.state_dict()
    found = {}
    for name in part.state_dict():
        found[name] = whole[name] if name in whole else whole[f"text_model.{name}"]
    return found


@torch.no_grad()
def _imagenet_features(pictures: StudioPictures) -> Tensor:
    """Pooled features of every unchanged picture, (n, FEATURES), L2-normalised, float16."""
    backbone = load_efficientnet_lite0()
    parts = []
    for start in range(0, len(pictures), _PART):
        maps = backbone(normalised(torch.from_numpy(pictures.pixels[start : start + _PART])))
        parts.append(nn.functional.normalize(pool(maps)).half())
    return torch.cat(parts)
