"""Which sizes of pictures cannot be compared. A record states the size, so an auditor applies the same rule."""

from __future__ import annotations

MINIMUM_SIDE = 16
"""Pixels that the shorter side needs."""
MAXIMUM_ASPECT = 20
"""How many times as long as the shorter one the longer side may be."""


def is_tiny(width: int, height: int) -> bool:
    return min(width, height) < MINIMUM_SIDE


def is_extreme(width: int, height: int) -> bool:
    """Whether one side is far longer than the other."""
    return max(width, height) > MAXIMUM_ASPECT * min(width, height)
