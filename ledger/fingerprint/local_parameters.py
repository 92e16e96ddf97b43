"""Definition of local features: constants, file digest, their part of the spec. Imports no image library."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DIMENSION = 40
WORK_KEYPOINTS = 250
QUERY_KEYPOINTS = 900
PROJECTION_FILE = Path(__file__).parent / "weights" / "local-v1.safetensors"
PROJECTION_SHA256 = "02200c06cba87cba4485d057a1d1d74aa2c83c7b4f7ad58d8f3b2b0995d70295"
CONTRAST = 0.02
"""SIFT's contrast threshold, half of the usual one, for flat art."""


def describe() -> Mapping[str, object]:
    """Their part of the FingerprintSpec: canonical JSON values."""
    return {
        "algorithm": "SIFT/RootSIFT/PCA",
        "version": 1,
        "of": "the preview",
        "keypoints": WORK_KEYPOINTS,
        "contrast_thousandths": round(CONTRAST * 1000),
        "dimension": DIMENSION,
        "weights": PROJECTION_SHA256,
    }
