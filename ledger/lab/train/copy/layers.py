"""The copy network in two halves: first layers that keep their weights, and the layers that are trained.

Corners and textures need no new learning, and a registered work can then start from cached features.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from ledger.fingerprint import copy_descriptor as descriptor
from ledger.lab.train.copy.network import CopyNetwork
from ledger.lab.train.efficientnet import EfficientNetLite0, load_efficientnet_lite0
from ledger.lab.train.whitening import fit_whitening

FROZEN = 3
"""Blocks, after the stem, that keep their weights."""


class Trunk(nn.Module):
    """The frozen first layers."""

    def __init__(self, stem: nn.Module, blocks: nn.Sequential) -> None:
        super().__init__()
        self._stem = stem
        self._blocks = blocks

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> Tensor:
        outputs: Tensor = self._blocks(functional.relu6(self._stem(pictures)))
        return outputs


class _TrainedLayers(nn.Module):
    """The trained layers; their input is the trunk's output."""

    def __init__(self, blocks: nn.Sequential, head: nn.Module) -> None:
        super().__init__()
        self.blocks = blocks
        self.head = head

    def forward(self, early: Tensor) -> Tensor:
        return functional.relu6(self.head(self.blocks(early)))


def split_network(*, fresh: bool) -> tuple[Trunk, CopyNetwork]:
    """Both halves, with the shipped descriptor's weights, or ImageNet's if `fresh`.

    Raises MissingPackageError (`weights-missing`: ImageNet's).
    """
    if fresh:
        backbone, projection = load_efficientnet_lite0(), None
    else:
        shipped = CopyNetwork(EfficientNetLite0())
        shipped.load_state_dict({name: tensor.float() for name, tensor in load_file(descriptor.WEIGHTS_FILE).items()})
        backbone, projection = cast(EfficientNetLite0, shipped.backbone), shipped.projection
    # Parts of a Sequential keep their numbers, so that weights load into the complete network by name.
    trunk = Trunk(backbone.stem, cast(nn.Sequential, backbone.blocks[:FROZEN])).requires_grad_(requires_grad=False)
    rest = CopyNetwork(_TrainedLayers(cast(nn.Sequential, backbone.blocks[FROZEN:]), backbone.head))
    if projection is not None:
        rest.projection.load_state_dict(projection.state_dict())
    for half in (trunk, rest):
        for parameter in half.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return trunk.eval(), rest.requires_grad_(requires_grad=True)


def whole_network(trunk: Trunk, trained: nn.Module) -> CopyNetwork:
    """The complete network."""
    network = CopyNetwork(EfficientNetLite0())
    first = {f"backbone.{name.removeprefix('_')}": tensor for name, tensor in trunk.state_dict().items()}
    network.load_state_dict({**first, **trained.state_dict()})
    return network.requires_grad_(requires_grad=False).eval()


def start_projection(network: CopyNetwork, features: NDArray[np.float32]) -> None:
    """Starts the projection as the PCA whitening of the pictures' normalised features; random if they are few."""
    if len(features) < 4 * descriptor.DIMENSION:
        return
    whitening = fit_whitening(features, descriptor.DIMENSION)
    with torch.no_grad():
        network.projection.weight.copy_(torch.from_numpy(whitening.projection))
        network.projection.bias.copy_(torch.from_numpy(-whitening.projection @ whitening.mean))
