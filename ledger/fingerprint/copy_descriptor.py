"""Defines the copy descriptor: its constants, file digest and part of the spec. Imports no model library."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

NAME = "copy"
RUNTIME = "onnxruntime, float32"
"""What computes embeddings: another runtime rounds differently, and so gives other digests."""
DIMENSION = 256
INPUT_SIDE = 256
WINDOWS_SIDE = 512
"""Side, in pixels, of the picture whose feature map has the windows: what was pasted on another picture is small."""
GEM_POWER = 3
"""Of the generalised mean over positions."""
INPUT_MEAN = 127
INPUT_SCALE = 128
WINDOWS = tuple((left, top, left + 0.5, top + 0.5) for top in (0.0, 0.25, 0.5) for left in (0.0, 0.25, 0.5))
"""Windows of a query, each (left, top, right, bottom) in fractions of its sides. A work that was pasted on a larger
picture fills one of them."""

WEIGHTS_FILE = Path(__file__).parent / "weights" / "copy-v3.safetensors"
WEIGHTS_SHA256 = "ceaf38a31068d4c335bfc5aced63f7dd3d57da107f28e1614de96b0a04fbcedc"


def describe() -> Mapping[str, object]:
    """The descriptor's part of the FingerprintSpec: canonical JSON values, the same on every machine."""
    return {
        "algorithm": "efficientnet-lite0/gem/projection",
        "version": 3,
        "dimension": DIMENSION,
        "weights": WEIGHTS_SHA256,
        "preprocessing": {
            "resize": f"working picture to {INPUT_SIDE}x{INPUT_SIDE}, bilinear with antialiasing",
            "normalise": f"(value - {INPUT_MEAN}) / {INPUT_SCALE}",
        },
        "pooling": f"generalised mean, power {GEM_POWER}, L2, project, L2",
        "query_windows": f"9: halves of the sides at 0, 1/4, 1/2, of the feature map at {WINDOWS_SIDE}x{WINDOWS_SIDE}",
        "runtime": RUNTIME,
        "stored_as": "float16",
    }
