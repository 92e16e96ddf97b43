"""The encoder of a VAE (Rombach et al. 2022) as a graph."""

from __future__ import annotations

from ledger.fingerprint.networks.graph import Graph
from ledger.fingerprint.style_config import VaeConfig

_EPSILON = 1e-6
_AROUND = (1, 1, 1, 1)


def mean_latents(graph: Graph, config: VaeConfig) -> str:
    """Adds the encoder: pixels (n, 3, side, side) in [-1, 1] to unscaled posterior means (n, channels, side/f,
    side/f)."""
    groups = config.norm_num_groups
    values = graph.convolution("encoder.conv_in", graph.input, pads=_AROUND)
    for block in range(len(config.block_out_channels)):
        name, layer = f"encoder.down_blocks.{block}", 0
        while f"{name}.resnets.{layer}.conv1.weight" in graph.weights:
            values = _residual(graph, f"{name}.resnets.{layer}", values, groups)
            layer += 1
        if block + 1 < len(config.block_out_channels):
            values = graph.convolution(f"{name}.downsamplers.0.conv", values, stride=2, pads=(0, 0, 1, 1))
    values = _residual(graph, "encoder.mid_block.resnets.0", values, groups)
    if "encoder.mid_block.attentions.0.to_q.weight" in graph.weights:
        values = _attention(graph, "encoder.mid_block.attentions.0", values, config)
    values = _residual(graph, "encoder.mid_block.resnets.1", values, groups)
    values = _silu(graph, _norm(graph, "encoder.conv_norm_out", values, groups))
    values = graph.convolution("encoder.conv_out", values, pads=_AROUND)
    if "quant_conv.weight" in graph.weights:
        values = graph.convolution("quant_conv", values)
    start, end, axis = graph.constant([0]), graph.constant([config.latent_channels]), graph.constant([1])
    return graph.add("Slice", values, start, end, axis)


def _residual(graph: Graph, name: str, values: str, groups: int) -> str:
    inner = values
    for number in (1, 2):
        inner = _silu(graph, _norm(graph, f"{name}.norm{number}", inner, groups))
        inner = graph.convolution(f"{name}.conv{number}", inner, pads=_AROUND)
    if f"{name}.conv_shortcut.weight" in graph.weights:
        values = graph.convolution(f"{name}.conv_shortcut", values)
    return graph.add("Add", values, inner)


def _attention(graph: Graph, name: str, values: str, config: VaeConfig) -> str:
    """One head, as wide as the channels."""
    channels = config.block_out_channels[-1]
    flat = graph.add(
        "Reshape", _norm(graph, f"{name}.group_norm", values, config.norm_num_groups), graph.constant([0, channels, -1])
    )
    tokens = graph.add("Transpose", flat, perm=[0, 2, 1])
    query, key, value = (graph.linear(f"{name}.to_{each}", tokens) for each in "qkv")
    nearness = graph.add("MatMul", query, graph.add("Transpose", key, perm=[0, 2, 1]))
    nearness = graph.add("Softmax", graph.add("Mul", nearness, graph.constant(float(channels) ** -0.5)), axis=-1)
    attended = graph.linear(f"{name}.to_out.0", graph.add("MatMul", nearness, value))
    back = graph.add("Transpose", attended, perm=[0, 2, 1])
    return graph.add("Add", values, graph.add("Reshape", back, graph.add("Shape", values)))


def _norm(graph: Graph, name: str, values: str, groups: int) -> str:
    scale, shift = (graph.weight(f"{name}.{each}") for each in ("weight", "bias"))
    return graph.add("GroupNormalization", values, scale, shift, num_groups=groups, epsilon=_EPSILON)


def _silu(graph: Graph, values: str) -> str:
    return graph.add("Mul", values, graph.add("Sigmoid", values))
