"""The opt-out list: pictures that are never matched and never trained on.

An entry names a picture by a digest, or by both perceptual hashes together. One hash is not enough, because it is easy
to forge: a grey pattern can come within a few bits of any pHash. So the rule is that of look-ups and claims
(`ledger.match.alike`): both hashes are near, and the PDQ quality suffices on both sides.

An attacker can also forge both hashes. So hashes alone withdraw nothing until a person has looked at the works. If
the picture itself is given, its pixels are compared too (`ledger.flows.works.opt_out`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ledger.match.alike import RADII

OptOutKind = Literal["sha256", "look"]
HASH_BYTES = 32
_WORDS = HASH_BYTES // 8


class PerceptualHashes(Protocol):
    """The perceptual hashes of a picture: a Fingerprint or Hashes."""

    @property
    def phash(self) -> bytes: ...

    @property
    def pdq(self) -> bytes: ...

    @property
    def pdq_quality(self) -> int: ...


@dataclass(frozen=True, slots=True)
class OptOut:
    """One entry of the list."""

    kind: OptOutKind
    value: str
    """Lowercase hex. Kind `sha256`: 64 digits, the SHA-256 of a file or of canonical pixels. Kind `look`: 128 digits,
    the pHash and then the PDQ hash."""

    @classmethod
    def of_hashes(cls, hashes: PerceptualHashes) -> Self | None:
        """Returns None if the PDQ quality is too low: the pHash alone names no picture."""
        return cls("look", (hashes.phash + hashes.pdq).hex()) if _usable(hashes) else None


@dataclass(frozen=True, slots=True)
class OptOuts:
    """The whole list, which is checked picture by picture."""

    digests: frozenset[str]
    hashes: NDArray[np.uint64]
    """Shape (entries, 2, 4): pHash and PDQ."""

    @classmethod
    def of(cls, entries: Iterable[OptOut]) -> Self:
        kept = list(entries)
        hashes = b"".join(bytes.fromhex(entry.value) for entry in kept if entry.kind == "look")
        return cls(
            frozenset(entry.value for entry in kept if entry.kind == "sha256"),
            np.frombuffer(hashes, np.uint64).reshape(-1, 2, _WORDS),
        )

    def __len__(self) -> int:
        return len(self.digests) + len(self.hashes)

    def reason(self, *digests: str, hashes: PerceptualHashes | None = None) -> str | None:
        """Returns why a picture may not be used, or None if it may.

        `digests`: SHA-256 of its bytes and, where they are known, of its canonical pixels. `hashes`: None for a picture
        with too little detail to compare (ledger.fingerprint.complexity).
        """
        if not self.digests.isdisjoint(digests):
            return "it is on the opt-out list, by its digest"
        if hashes is None or not _usable(hashes) or not len(self.hashes):
            return None
        asked = np.frombuffer(hashes.phash + hashes.pdq, np.uint64).reshape(2, _WORDS)
        differing = np.bitwise_count(self.hashes ^ asked).sum(axis=2)
        near = differing[(differing <= (RADII.phash_bits, RADII.pdq_bits)).all(axis=1)]
        if not len(near):
            return None
        phash, pdq = min(map(tuple, near))
        differ = f"of 256 bits {phash} of its pHash and {pdq} of PDQ differ"
        return f"it is on the opt-out list, by what it looks like ({differ})"


def _usable(hashes: PerceptualHashes) -> bool:
    return hashes.pdq_quality >= RADII.pdq_quality


NOBODY = OptOuts.of(())
"""An empty list."""
