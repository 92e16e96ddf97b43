"""Limits and sizes, in a separate module so that a decoding worker need not load numpy."""

from __future__ import annotations

from dataclasses import dataclass

WORKING_SIDE = 512
"""Longest side, in pixels, of the working picture."""

WORKING_RESAMPLING = "box-then-lanczos3"
"""Scaling to the working picture: box reduction by a whole number to at least three times its size, then Lanczos 3."""


MOST_FRAMES = 16
"""Frames or pages of which the first with something to see is compared."""
MOST_PIXELS = 50_000_000
"""Most pixels of all views together that are tried after the first."""

MAX_IN_FILE = {
    "scans": 100,  # a progressive JPEG has about 10; each costs as much as one decoding
    "frames": 5_000,  # at most MOST_FRAMES are decoded
    "directories": 1_000,  # pages of a TIFF; at most MOST_FRAMES are decoded
    "strips and tiles": 65_536,
    "tiles": 4_096,  # of an AVIF or HEIC picture; 200 megapixels have about 800, and libheif reads 1,000
    "parts": 65_536,  # segments, chunks, boxes, tags
    "sub-blocks": 1_000_000,  # in a GIF, 255 bytes each
    "bytes of colour profile": 16 * 2**20,
    "bytes of EXIF data": 16 * 2**20,
    "bytes of tags": 16 * 2**20,  # in a TIFF, in addition to the file's length: tags may share bytes
}
"""Largest number of each thing in a file (`ledger.image.structure`); checked before decoding."""


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """Limits for decoding one picture, checked before and while decoding."""

    max_bytes: int = 64 * 2**20
    max_pixels: int = 120_000_000
    cpu_seconds: float = 5.0
    """Processor seconds per picture; the system counts whole seconds, so a picture may get up to one more."""
    seconds: float = 20.0
    """Wall-clock seconds per picture, and processor seconds per drawing (SVG)."""
    memory: int = 1024 * 2**20
    """Bytes of address space that a worker may use in addition to what it has at start."""


DEFAULT_LIMITS = DecodeLimits()
