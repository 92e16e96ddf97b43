"""The copy descriptor's network: EfficientNet-Lite0, generalised-mean pooling over the whole or a window, projection.

GeM pooling and a learned projection: Radenovic, Tolias and Chum, arXiv:1711.02512. Windows of one feature map like
those of R-MAC (Tolias, Sicre and Jegou, arXiv:1511.05879): a picture pasted on another fills one of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ledger.fingerprint import copy_descriptor as descriptor
from ledger.fingerprint.networks.efficientnet import FEATURES

Window = tuple[float, float, float, float]
"""Left, top, right, bottom as fractions of the picture's sides."""
_SMALLEST_FEATURE = 1e-6


class CopyNetwork(nn.Module):
    """Maps normalised pictures (n, 3, side, side) to descriptors; `backbone` gives maps of FEATURES channels."""

    def __init__(self, backbone: nn.Module, dimension: int = descriptor.DIMENSION) -> None:
        super().__init__()
        self.backbone = backbone
        self.projection = nn.Linear(FEATURES, dimension)

    def forward(self, pictures: Tensor) -> Tensor:
        """Descriptors of whole pictures, (n, dimension), rows L2-normalised."""
        return self.describe(pool(self.backbone(pictures)))

    def describe(self, pooled: Tensor) -> Tensor:
        """Descriptors of pooled features (n, FEATURES)."""
        return functional.normalize(self.projection(functional.normalize(pooled)))


def pool(feature_map: Tensor) -> Tensor:
    """Generalised mean over positions, (n, c, h, w) to (n, c). The floor keeps a blank picture's vector defined."""
    power = descriptor.GEM_POWER
    return feature_map.clamp(min=_SMALLEST_FEATURE).pow(power).mean(dim=(2, 3)).pow(1 / power)


def pool_windows(feature_map: Tensor, windows: Sequence[Window]) -> Tensor:
    """`pool` over each window of each map, (n, c, h, w) to (n, windows, c). A window includes cells that it touches."""
    height, width = feature_map.shape[2:]
    pooled = []
    for left, top, right, bottom in windows:
        rows = slice(math.floor(top * height), math.ceil(bottom * height))
        columns = slice(math.floor(left * width), math.ceil(right * width))
        pooled.append(pool(feature_map[:, :, rows, columns]))
    return torch.stack(pooled, dim=1)


def normalised(pictures: Tensor) -> Tensor:
    """The network's input from 8-bit pictures (n, side, side, 3), whose RGB rows are already channels-last."""
    return (pictures.permute(0, 3, 1, 2).float() - descriptor.INPUT_MEAN) / descriptor.INPUT_SCALE
