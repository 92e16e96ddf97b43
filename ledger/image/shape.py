"""Sizes of pictures that cannot be compared. A record states the size, so an auditor can apply the same rule."""

from __future__ import annotations

MINIMUM_SIDE = 16
"""Least pixels of the shorter side."""
MAXIMUM_ASPECT = 20
"""Largest ratio of the longer side to the shorter one."""


def is_tiny(width: int, height: int) -> bool:
    return min(width, height) < MINIMUM_SIDE


def is_extreme(width: int, height: int) -> bool:
    """Whether one side is much longer than the other."""
    return max(width, height) > MAXIMUM_ASPECT * min(width, height)
