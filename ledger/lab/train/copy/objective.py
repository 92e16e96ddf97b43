"""The training objective of the copy descriptor: find a copy's picture among all, and spread different pictures.

InfoNCE (van den Oord et al. 2018) against a bank of every picture's latest descriptor (Wu et al. 2018), with SSCD's
entropy regularisation (Pizzi et al. 2022, section 4.2; KoLeo, Sablayrolles et al. 2019).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

TEMPERATURE = 0.05
SPREAD = 5.0
"""Weight of the entropy regularisation."""
_SAME = 1e-4


def loss(queries: Tensor, references: Tensor, bank: Tensor, same: Tensor, weight: Tensor) -> Tensor:
    """A scalar. `queries`, `references`: (n, d), row i of one picture; `bank`: (m, d), no gradient.

    `same` (n, m) marks bank rows that are the picture itself or a variant of it; they are no negatives.
    `weight` (n,): how much each query counts.
    """
    own = (queries * references).sum(dim=1, keepdim=True)
    unrelated = (queries @ bank.T).masked_fill(same, -torch.inf)
    logits = torch.cat([own, unrelated], dim=1) / TEMPERATURE
    found = functional.cross_entropy(logits, torch.zeros(len(queries), dtype=torch.long), reduction="none")
    return ((found + SPREAD * _crowding(queries, bank, same)) * weight).mean()


def _crowding(vectors: Tensor, bank: Tensor, same: Tensor) -> Tensor:
    """Negative logarithm of the distance to the nearest unrelated picture, (n,)."""
    nearest = (vectors @ bank.T).masked_fill(same, -torch.inf).max(dim=1).values
    return -0.5 * torch.log((2 - 2 * nearest).clamp(min=_SAME))
