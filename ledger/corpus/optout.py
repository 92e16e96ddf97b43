"""Pictures that are never matched and never trained on, told by digest and by perceptual hash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

OptOutKind = Literal["sha256", "phash"]
PHASH_RADIUS = 20
"""Bits of 256: of 1,632 pictures of the shipped null set none is as near to any of 1,955 open works; the first one is
at 30."""


@dataclass(frozen=True, slots=True)
class OptOut:
    """One entry of the list."""

    kind: OptOutKind
    value: str
    """64 lowercase hex digits: SHA-256 of a file or of canonical pixels, or a pHash of 256 bits."""


@dataclass(frozen=True, slots=True)
class OptOuts:
    """The whole list, to be asked picture by picture."""

    digests: frozenset[str]
    hashes: NDArray[np.uint64]
    """Shape (entries, 4)."""

    @classmethod
    def of(cls, entries: Iterable[OptOut]) -> Self:
        kept = list(entries)
        hashes = b"".join(bytes.fromhex(entry.value) for entry in kept if entry.kind == "phash")
        return cls(
            frozenset(entry.value for entry in kept if entry.kind == "sha256"),
            np.frombuffer(hashes, np.uint64).reshape(-1, 4),
        )

    def __len__(self) -> int:
        return len(self.digests) + len(self.hashes)

    def reason(self, *digests: str, phash: bytes | None = None) -> str | None:
        """Why a picture may not be used; None where it may.

        `digests`: of its bytes, and of its canonical pixels where they are known. `phash`: its hash of 32 bytes, None
        for a picture that says too little to have one (ledger.fingerprint.complexity).
        """
        if not self.digests.isdisjoint(digests):
            return "it is on the opt-out list, by its digest"
        if phash is None or not len(self.hashes):
            return None
        differing = np.bitwise_count(self.hashes ^ np.frombuffer(phash, np.uint64)).sum(axis=1)
        nearest = int(differing.min())
        if nearest > PHASH_RADIUS:
            return None
        return f"it is on the opt-out list, by what it looks like ({nearest} of 256 bits of its pHash differ)"


NOBODY = OptOuts.of(())
"""An empty list."""
