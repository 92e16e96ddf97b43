"""The encoders of a fingerprint. This module imports ONNX Runtime, so import it late."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ledger.fingerprint import copy_descriptor as descriptor
from ledger.fingerprint.clip_encoder import load_clip_encoder
from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.fingerprint import Encoder
from ledger.fingerprint.style_models import StyleModels
from ledger.fingerprint.vae_encoder import load_vae_encoder


def load_encoders(models: StyleModels | None) -> tuple[Encoder, ...]:
    """The copy encoder, and CLIP and VAE if there are `models`. Raises as their loaders do.

    Encoders whose weights are pinned are loaded once in a process: a second load could only give the same ones.
    """
    if models is None:
        return (_copy(descriptor.WEIGHTS_FILE),)
    return (_copy(descriptor.WEIGHTS_FILE), *(_pinned(models) if models.pins else _style(models)))


@cache
def _copy(weights: Path) -> Encoder:
    return load_copy_encoder(weights)


@cache
def _pinned(models: StyleModels) -> tuple[Encoder, ...]:
    return _style(models)


def _style(models: StyleModels) -> tuple[Encoder, ...]:
    return load_clip_encoder(models), load_vae_encoder(models)
