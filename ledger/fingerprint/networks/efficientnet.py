"""EfficientNet-Lite0 (Tan and Le, arXiv:1905.11946; the `lite` variant has no squeeze-and-excitation and ReLU6).

Only the convolutional part, with each batch normalisation folded into the convolution before it.
"""

from __future__ import annotations

from typing import NamedTuple

from ledger.fingerprint.networks.graph import Graph


class Blocks(NamedTuple):
    repeats: int
    kernel: int
    stride: int
    expansion: int
    width: int


# Table 1 of the paper; lite models keep the widths of stem (32) and head (1280).
STAGES = (
    Blocks(1, 3, 1, 1, 16),
    Blocks(2, 3, 2, 6, 24),
    Blocks(2, 5, 2, 6, 40),
    Blocks(3, 3, 2, 6, 80),
    Blocks(3, 5, 1, 6, 112),
    Blocks(4, 5, 2, 6, 192),
    Blocks(1, 3, 1, 6, 320),
)
STEM = Blocks(repeats=1, kernel=3, stride=2, expansion=1, width=32)
FEATURES = 1280
"""Channels of the feature map."""


def feature_map(graph: Graph, prefix: str) -> str:
    """Adds the network: pictures (n, 3, 32 h, 32 w) to the non-negative map (n, FEATURES, h, w)."""
    return feature_maps(graph, prefix)[-1]


def feature_maps(graph: Graph, prefix: str) -> tuple[str, ...]:
    """Adds the network: the outputs of the stages, (n, width, h, w) each, and then the `feature_map`."""
    values = _relu6(graph, _same(graph, f"{prefix}stem", graph.input, stage=STEM))
    width, index = STEM.width, 0
    stages = []
    for stage in STAGES:
        for repeat in range(stage.repeats):
            one = stage if repeat == 0 else stage._replace(stride=1)
            values = _block(graph, f"{prefix}blocks.{index}.", values, width, one)
            width, index = stage.width, index + 1
        stages.append(values)
    return *stages, _relu6(graph, graph.convolution(f"{prefix}head", values))


def _block(graph: Graph, name: str, inputs: str, width: int, stage: Blocks) -> str:
    """Mobile inverted bottleneck: expand, depthwise, project; added to its input if the shape is the same."""
    inner = inputs if stage.expansion == 1 else _relu6(graph, graph.convolution(f"{name}expand", inputs))
    inner = _relu6(graph, _same(graph, f"{name}depthwise", inner, stage, groups=width * stage.expansion))
    outputs = graph.convolution(f"{name}project", inner)
    return graph.add("Add", outputs, inputs) if stage.stride == 1 and width == stage.width else outputs


def _same(graph: Graph, name: str, values: str, stage: Blocks, groups: int = 1) -> str:
    """A convolution with TensorFlow's SAME padding for even sides: extra padding goes to the right and bottom."""
    before = (stage.kernel - stage.stride) // 2
    after = stage.kernel - stage.stride - before
    pads = (before, before, after, after)
    return graph.convolution(name, values, stride=stage.stride, pads=pads, groups=groups)


def _relu6(graph: Graph, values: str) -> str:
    return graph.add("Clip", values, graph.constant(0.0), graph.constant(6.0))
