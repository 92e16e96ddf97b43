"""CLIP's image tower (Radford et al. 2021, section 2.4) as a graph."""

from __future__ import annotations

import numpy as np

from ledger.fingerprint.networks.graph import Graph
from ledger.fingerprint.style_config import ClipConfig


def image_embedding(graph: Graph, config: ClipConfig) -> str:
    """Adds the tower: prepared pictures (n, 3, side, side) to embeddings (n, projection_dim), not normalised."""
    size, patch = config.hidden_size, config.patch_size
    kernel = graph.weight("vision_model.embeddings.patch_embedding.weight")
    patches = graph.add("Conv", graph.input, kernel, strides=[patch, patch])
    flat = graph.add("Reshape", patches, graph.constant([0, size, -1]))
    tokens = graph.add("Transpose", flat, perm=[0, 2, 1])
    first = graph.weights["vision_model.embeddings.class_embedding"]
    tokens = graph.add("Concat", graph.tensor("first", np.reshape(first, (1, 1, size))), tokens, axis=1)
    tokens = graph.add("Add", tokens, graph.weight("vision_model.embeddings.position_embedding.weight"))
    tokens = _norm(graph, "pre_layrnorm", tokens, config)
    for layer in range(config.num_hidden_layers):
        tokens = _layer(graph, f"encoder.layers.{layer}.", tokens, config)
    whole = graph.add("Gather", tokens, graph.constant([0]), axis=1)
    whole = _norm(graph, "post_layernorm", graph.add("Reshape", whole, graph.constant([0, size])), config)
    return graph.add("MatMul", whole, graph.tensor("projection", graph.weights["visual_projection.weight"].T))


def _layer(graph: Graph, name: str, tokens: str, config: ClipConfig) -> str:
    seen = _norm(graph, f"{name}layer_norm1", tokens, config)
    tokens = graph.add("Add", tokens, _attention(graph, name, seen, config))
    inner = graph.linear(f"vision_model.{name}mlp.fc1", _norm(graph, f"{name}layer_norm2", tokens, config))
    if config.hidden_act == "quick_gelu":
        inner = graph.add("Mul", inner, graph.add("Sigmoid", graph.add("Mul", inner, graph.constant(1.702))))
    else:
        inner = graph.add("Gelu", inner)
    return graph.add("Add", tokens, graph.linear(f"vision_model.{name}mlp.fc2", inner))


def _attention(graph: Graph, name: str, seen: str, config: ClipConfig) -> str:
    heads, width = config.num_attention_heads, config.hidden_size // config.num_attention_heads

    def split(each: str, axes: list[int]) -> str:
        values = graph.linear(f"vision_model.{name}self_attn.{each}_proj", seen)
        return graph.add("Transpose", graph.add("Reshape", values, graph.constant([0, 0, heads, width])), perm=axes)

    query, key, value = split("q", [0, 2, 1, 3]), split("k", [0, 2, 3, 1]), split("v", [0, 2, 1, 3])
    scaled = graph.add("Mul", graph.add("MatMul", query, key), graph.constant(float(width) ** -0.5))
    attended = graph.add("MatMul", graph.add("Softmax", scaled, axis=-1), value)
    joined = graph.add("Transpose", attended, perm=[0, 2, 1, 3])
    joined = graph.add("Reshape", joined, graph.constant([0, 0, config.hidden_size]))
    return graph.linear(f"vision_model.{name}self_attn.out_proj", joined)


def _norm(graph: Graph, name: str, values: str, config: ClipConfig) -> str:
    scale, shift = (graph.weight(f"vision_model.{name}.{each}") for each in ("weight", "bias"))
    return graph.add("LayerNormalization", values, scale, shift, axis=-1, epsilon=config.layer_norm_eps)
