"""Decides by perceptual hashes whether two whole pictures look alike. Look-ups and claims use this one rule.

Both hashes must be near, because one hash alone confuses simple pictures. Flags of different countries differ in only 6
bits of the pHash, but in 120 bits of PDQ. If the PDQ quality is too low, the hashes decide nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MIN_PDQ_QUALITY = 50
"""A PDQ hash of lower quality is not used (ThreatExchange, hashing/pdq: discard at or below 49)."""
PHASH_RADIUS = 20
"""Of 1,632 pictures of the null set, none is this near to any of 1,955 open works; the nearest is at 30 bits."""
PDQ_RADIUS = 31
"""PDQ's own threshold for the same picture, of 256 bits (ThreatExchange, hashing/pdq)."""


class Radii(Protocol):
    """Largest numbers of differing bits, of 256, at which two hashes are near."""

    @property
    def phash_bits(self) -> int: ...

    @property
    def pdq_bits(self) -> int: ...

    @property
    def pdq_quality(self) -> int:
        """Least PDQ quality on both sides."""


@dataclass(frozen=True, slots=True)
class _Radii:
    phash_bits: int = PHASH_RADIUS
    pdq_bits: int = PDQ_RADIUS
    pdq_quality: int = MIN_PDQ_QUALITY


RADII: Radii = _Radii()
"""Radii of look-ups. Claims take theirs from the published rules."""


class HexHashes(Protocol):
    """The hashes of a picture in hex, as in records."""

    @property
    def phash(self) -> str: ...

    @property
    def pdq(self) -> str: ...

    @property
    def pdq_quality(self) -> int: ...


def alike(phash_bits: int, pdq_bits: int | None, within: Radii = RADII) -> bool:
    """Whether pictures look alike whose hashes differ in these bits; `pdq_bits`: None if PDQ's quality is too low."""
    return pdq_bits is not None and phash_bits <= within.phash_bits and pdq_bits <= within.pdq_bits


def hashes_alike(one: HexHashes, other: HexHashes, within: Radii = RADII) -> bool:
    """`alike` for the hashes of two pictures, as in records."""
    usable = min(one.pdq_quality, other.pdq_quality) >= within.pdq_quality
    return alike(bits(one.phash, other.phash), bits(one.pdq, other.pdq) if usable else None, within)


def bits(one: str, other: str) -> int:
    """Hamming distance of two hashes in hex."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
