"""A small network on CLIP and VAE embeddings: the classifier that Lawful Diffusion describes."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from ledger.match.artists.features import Floats
from ledger.match.artists.members import Linear, Perceptron

HIDDEN = 128
STEPS = 300
BATCH = 128
_RATE = 3e-3
_DECAY = 0.05
_DROPOUT = 0.5
"""Of hidden units, while fitting: there are few works for so many parameters."""
_SMOOTHING = 0.05
_INPUT_SCALE = 8.0
"""Fused features have a length of about one; a network learns sooner from larger numbers."""


def fit_network(
    features: Floats, labels: NDArray[np.int64], classes: int, weights: NDArray[np.float64], *, seed: int
) -> Perceptron:
    """Works are drawn by their weights, in batches of BATCH or of all works where there are fewer."""
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.from_numpy(features * np.float32(_INPUT_SCALE)), torch.from_numpy(labels)
    draw = torch.from_numpy(weights / weights.sum())
    hidden, output = _layer(features.shape[1], HIDDEN, generator), _layer(HIDDEN, classes, generator)
    parameters = [*hidden, *output]
    optimiser = torch.optim.AdamW(parameters, lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        rows = torch.multinomial(draw, min(BATCH, len(x)), replacement=True, generator=generator)
        inner = functional.relu(functional.linear(x[rows], *hidden))
        kept = torch.rand(inner.shape, generator=generator) >= _DROPOUT
        scores = functional.linear(inner * kept / (1 - _DROPOUT), *output)
        loss = functional.cross_entropy(scores, y[rows], label_smoothing=_SMOOTHING)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        optimiser.step()
        schedule.step()
    return Perceptron(_linear(hidden, _INPUT_SCALE), _linear(output, 1.0))


def _layer(inputs: int, outputs: int, generator: torch.Generator) -> tuple[nn.Parameter, nn.Parameter]:
    kernel = torch.randn(outputs, inputs, generator=generator) * (2 / inputs) ** 0.5
    return nn.Parameter(kernel), nn.Parameter(torch.zeros(outputs))


def _linear(layer: tuple[nn.Parameter, nn.Parameter], scale: float) -> Linear:
    kernel, bias = (np.ascontiguousarray(each.detach().numpy().T, np.float32) for each in layer)
    return Linear(kernel * np.float32(scale), bias)
