"""Which works a corpus is compared with itself by: a hash of their pixels decides, so that nobody chooses them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

PREFIX = b"artledger/null-query/v1\n"
"""A work's place is the SHA-256 of this and its `pixel_sha256`. Those with the lowest places are taken."""


@dataclass(frozen=True, slots=True)
class SampleRule:
    """How large a sample is, and when it is used instead of the shipped unrelated pictures."""

    most: int = 1_000
    per_artist: int = 20
    """Most works of one artist, so that no artist's pictures decide the error rates for others."""
    least: int = 500
    """A smaller sample is not used: at an error rate of 1% it would rest on fewer than five pictures."""
    least_works: int = 1_000
    """In a smaller corpus too little is left once a work's own artist and its variants are left out."""
    least_artists: int = 50
    """The works of fewer artists say little about pictures by others."""


SAMPLE_RULE = SampleRule()


@dataclass(frozen=True, slots=True)
class SampledWork:
    """A work of a sample, in the order of the places."""

    work_id: str
    artist_id: str
    pixel_sha256: bytes

    @property
    def place(self) -> bytes:
        return place(self.pixel_sha256)

    @property
    def edited(self) -> bool:
        """Whether it is compared edited: half of them are."""
        return self.place[-1] % 2 == 1


def place(pixel_sha256: bytes) -> bytes:
    """Equal pixels have one place, and are taken once."""
    return hashlib.sha256(PREFIX + pixel_sha256).digest()
