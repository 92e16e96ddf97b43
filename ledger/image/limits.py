"""Limits and sizes, apart from types.py so that a decoding worker does not load numpy for them."""

from __future__ import annotations

from dataclasses import dataclass

WORKING_SIDE = 512
"""Longest side, in pixels, of the working picture."""

WORKING_RESAMPLING = "box-then-lanczos3"
"""Scaling to the working picture: box reduction by a whole number to at least three times its size, then Lanczos 3."""


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What one picture may cost; checked before and while decoding."""

    max_bytes: int = 64 * 2**20
    max_pixels: int = 120_000_000
    seconds: float = 20.0
    """Wall clock and CPU seconds per picture."""
    memory: int = 1024 * 2**20
    """Bytes of address space that a worker may use beyond what it has at start."""


DEFAULT_LIMITS = DecodeLimits()
