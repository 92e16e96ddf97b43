"""Manifests of models list the works that a model was trained on. Proofs show that a work is listed or not.

A manifest is a text of distinct SHA-256 digests in lowercase hex, ascending, each ended by a line feed. Its root is
that of the RFC 9162 tree over them; each leaf is the 32 raw bytes. Because digests are sorted, two adjacent ones prove
that no digest between them is listed. Only readers of the whole list can check that it is sorted.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import InputError, VerificationError
from ledger.log.merkle import inclusion_path, leaf_hash, node_hash, root_of, verify_inclusion

MAX_MANIFEST_BYTES = 2**30
_LINES = re.compile(rb"(?:[0-9a-f]{64}\n)*")


@dataclass(frozen=True, slots=True)
class Member:
    """A digest of the manifest with its index and inclusion path (RFC 9162 section 2.1.3), hashes in lowercase hex."""

    sha256: str
    index: int
    path: tuple[str, ...]


class ManifestTree:
    """The digests of a manifest and the tree over them; immutable."""

    def __init__(self, data: bytes) -> None:
        """Reads a manifest. Raises InputError (`bad-manifest`) for any other form."""
        if len(data) > MAX_MANIFEST_BYTES:
            raise _bad(f"it has {len(data):,} bytes; at most {MAX_MANIFEST_BYTES:,} are allowed")
        if not _LINES.fullmatch(data):
            raise _bad("each line must be a SHA-256 in lowercase hex, ended by one line feed")
        self._digests = data.decode("ascii").split()
        for line, (before, after) in enumerate(zip(self._digests, self._digests[1:], strict=False), start=2):
            if after <= before:
                raise _bad(f"line {line} does not come after the line before: digests are distinct and ascending")
        self._levels = _levels([leaf_hash(bytes.fromhex(digest)) for digest in self._digests])
        self.root = root_of(self._levels[0]).hex()
        self.size = len(self._digests)

    def find(self, sha256: str) -> tuple[Member, ...]:
        """The digest itself if it is listed; else its neighbours: two, one at either end, none in an empty manifest."""
        place = bisect.bisect_left(self._digests, sha256)
        if place < self.size and self._digests[place] == sha256:
            return (self._member(place),)
        return tuple(self._member(index) for index in (place - 1, place) if 0 <= index < self.size)

    def _member(self, index: int) -> Member:
        path = inclusion_path(index, self.size, lambda level, at: self._levels[level][at])
        return Member(self._digests[index], index, tuple(each.hex() for each in path))


def require_membership(root: str, size: int, sha256: str, found: Sequence[Member]) -> bool:
    """Whether the manifest with this root and size lists the digest, proven by the result of `ManifestTree.find`.

    Raises VerificationError: `proof-shape`, `inclusion-mismatch`, or `manifest-proof` if the proof decides nothing.
    """
    for member in found:
        entry = leaf_hash(bytes.fromhex(member.sha256))
        verify_inclusion(entry, member.index, size, [bytes.fromhex(each) for each in member.path], bytes.fromhex(root))
    match found:
        case [member] if member.sha256 == sha256:
            return True
        case [] if size == 0:
            return False
        case [last] if last.index == size - 1 and last.sha256 < sha256:
            return False
        case [first] if first.index == 0 and sha256 < first.sha256:
            return False
        case [low, high] if high.index == low.index + 1 and low.sha256 < sha256 < high.sha256:
            return False
    raise VerificationError(f"the proof does not say whether {sha256} is in the manifest", code="manifest-proof")


def _levels(nodes: list[bytes]) -> list[list[bytes]]:
    """The hashes of all perfect subtrees, by level."""
    levels = [nodes]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(left, right) for left, right in zip(below[::2], below[1::2], strict=False)])
    return levels


def _bad(message: str) -> InputError:
    return InputError(f"not a manifest of works trained on: {message}", code="bad-manifest")
