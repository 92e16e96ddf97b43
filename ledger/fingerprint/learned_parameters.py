"""Definition of learned local features: constants and file digest. Imports no model library."""

from __future__ import annotations

from pathlib import Path

LONGEST_SIDE = 384
"""Longest side, in pixels, of a picture when its features are found; rounded so that both sides are multiples of 32."""
MOST_POINTS = 1000
LEAST_SCORE = 0.05
SPACING = 5
"""A keypoint has the best score among so many pixels a side."""
WEIGHTS_FILE = Path(__file__).parent / "weights" / "xfeat.safetensors"
WEIGHTS_SHA256 = "2ee2cc109dad74e90efe1a4945ef0610f11497432ffa8348b186507a1f4d07e0"
