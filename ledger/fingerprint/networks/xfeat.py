"""XFeat (Potje et al., CVPR 2024, arXiv:2404.19174) as a graph: dense features, their reliability, and keypoints."""

from __future__ import annotations

from ledger.fingerprint.networks.graph import Graph

DESCRIPTOR = 64
CELL = 8
"""Side, in pixels, of the cell that one place of the maps stands for."""
MULTIPLE = 32
"""Both sides of the input are multiples of it."""
CHANNELS = DESCRIPTOR + 1 + CELL * CELL + 1
"""Channels of the output: descriptor, reliability, and scores of each of the cell's pixels and of none of them."""
_AROUND = (1, 1, 1, 1)

_BLOCKS = {
    "block1": ((3, 1), (3, 2), (3, 1), (3, 2)),
    "block2": ((3, 1), (3, 1)),
    "block3": ((3, 2), (3, 1), (1, 1)),
    "block4": ((3, 2), (3, 1), (3, 1)),
    "block5": ((3, 2), (3, 1), (3, 1), (1, 1)),
    "block_fusion": ((3, 1), (3, 1)),
    "heatmap_head": ((1, 1), (1, 1)),
    "keypoint_head": ((1, 1), (1, 1), (1, 1)),
}
"""Kernel and stride of each convolution that a ReLU follows. Batch normalisation is folded into the weights."""


def feature_maps(graph: Graph) -> str:
    """Adds the network: grey pictures (n, 1, h, w) of zero mean and unit variance to maps (n, CHANNELS, h/8, w/8)."""
    pooled = graph.add("AveragePool", graph.input, kernel_shape=[4, 4], strides=[4, 4])
    first = graph.add("Add", _block(graph, "block1", graph.input), graph.convolution("skip1", pooled))
    third = _block(graph, "block3", _block(graph, "block2", first))
    fourth = _block(graph, "block4", third)
    fifth = _block(graph, "block5", fourth)
    joined = graph.add("Add", third, graph.add("Add", _enlarged(graph, fourth, 2), _enlarged(graph, fifth, 4)))
    features = graph.convolution("block_fusion.last", _block(graph, "block_fusion", joined))
    reliability = graph.convolution("heatmap_head.last", _block(graph, "heatmap_head", features))
    cells = graph.add("SpaceToDepth", graph.input, blocksize=CELL)
    keypoints = graph.convolution("keypoint_head.last", _block(graph, "keypoint_head", cells))
    scores = graph.add("Softmax", keypoints, axis=1)
    return graph.add("Concat", features, graph.add("Sigmoid", reliability), scores, axis=1)


def _block(graph: Graph, name: str, values: str) -> str:
    for index, (kernel, stride) in enumerate(_BLOCKS[name]):
        pads = _AROUND if kernel > 1 else (0, 0, 0, 0)
        values = graph.add("Relu", graph.convolution(f"{name}.{index}", values, stride=stride, pads=pads))
    return values


def _enlarged(graph: Graph, values: str, factor: int) -> str:
    scales = graph.constant((1.0, 1.0, float(factor), float(factor)))
    return graph.add("Resize", values, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")
