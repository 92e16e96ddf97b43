"""What the copy descriptor is trained to do: find the original among all, and spread what is different.

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
    """Scalar. `queries`, `references`: (n, d), row by row of one picture; `bank`: (m, d), no gradient.

    `same` (n, m) marks the bank's rows that are the picture itself or a variant of it: they are not strangers. `weight`
    (n,): how much each query counts.
    """
    own = (queries * references).sum(dim=1, keepdim=True)
    strangers = (queries @ bank.T).masked_fill(same, -torch.inf)
    logits = torch.cat([own, strangers], dim=1) / TEMPERATURE
    found = functional.cross_entropy(logits, torch.zeros(len(queries), dtype=torch.long), reduction="none")
    return ((found + SPREAD * _crowding(queries, bank, same)) * weight).mean()


def _crowding(vectors: Tensor, bank: Tensor, same: Tensor) -> Tensor:
    """Minus the logarithm of the distance to the nearest stranger, (n,)."""
    nearest = (vectors @ bank.T).masked_fill(same, -torch.inf).max(dim=1).values
    return -0.5 * torch.log((2 - 2 * nearest).clamp(min=_SAME))
