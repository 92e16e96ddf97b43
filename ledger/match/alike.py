"""Decides by perceptual hashes whether two whole pictures look alike. Look-ups and claims use this one rule.

Both hashes must be near, because one hash alone confuses simple pictures. Flags of different countries differ in only 6
bits of the pHash, but in 120 bits of PDQ. If the PDQ quality is too low, the hashes decide nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MIN_PDQ_QUALITY = 50
"""PDQ of a lower quality says nothing (ThreatExchange, hashing/pdq: discard at or below 49)."""
PHASH_RADIUS = 20
"""Of 1,632 pictures of the null set none is as near to any of 1,955 open works; the first one is at 30 bits."""
PDQ_RADIUS = 31
"""PDQ's own threshold for the same picture, of 256 bits (ThreatExchange, hashing/pdq)."""


class Radii(Protocol):
    """Within how many differing bits, of 256, two hashes are near."""

    @property
    def phash_bits(self) -> int: ...

    @property
    def pdq_bits(self) -> int: ...

    @property
    def pdq_quality(self) -> int:
        """What PDQ needs on both sides to say anything."""


@dataclass(frozen=True, slots=True)
class _Radii:
    phash_bits: int = PHASH_RADIUS
    pdq_bits: int = PDQ_RADIUS
    pdq_quality: int = MIN_PDQ_QUALITY


RADII: Radii = _Radii()
"""Those of look-ups; claims have theirs from the published rules."""


class HexHashes(Protocol):
    """The hashes of a picture, in hex, as records have them."""

    @property
    def phash(self) -> str: ...

    @property
    def pdq(self) -> str: ...

    @property
    def pdq_quality(self) -> int: ...


def alike(phash_bits: int, pdq_bits: int | None, within: Radii = RADII) -> bool:
    """Whether pictures whose hashes differ in so many bits look alike; `pdq_bits`: None where PDQ says nothing."""
    return pdq_bits is not None and phash_bits <= within.phash_bits and pdq_bits <= within.pdq_bits


def hashes_alike(one: HexHashes, other: HexHashes, within: Radii = RADII) -> bool:
    """`alike`, of two pictures as records have them."""
    usable = min(one.pdq_quality, other.pdq_quality) >= within.pdq_quality
    return alike(bits(one.phash, other.phash), bits(one.pdq, other.pdq) if usable else None, within)


def bits(one: str, other: str) -> int:
    """Hamming distance of two hashes in hex."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
