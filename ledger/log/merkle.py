"""The Merkle tree of RFC 9162 section 2.1 (the same as RFC 6962's) over SHA-256, as pure functions.

A *node* (level, index) is the root of the perfect subtree over the leaves [index * 2^level, (index + 1) * 2^level).
Every hash is 32 raw bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ledger.errors import VerificationError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
MAX_SIZE = 2**63 - 1
"""Implementations that read our logs store tree sizes as signed 64-bit integers."""
MAX_PATH = 63
"""The longest inclusion path in a tree of MAX_SIZE leaves."""

NodeReader = Callable[[int, int], bytes]
"""(level, index) -> hash of that node."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class CompactRange:
    """The right edge of a tree: the roots of its perfect subtrees, largest first, one per set bit of `size`.

    It suffices to append leaves and to compute the root. Raises ValueError when `edge` does not fit `size`.
    """

    size: int = 0
    edge: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise ValueError(f"tree size {self.size} is not between 0 and 2^63 - 1")
        if len(self.edge) != self.size.bit_count():
            raise ValueError(
                f"a tree of {self.size} leaves has {self.size.bit_count()} edge hashes, got {len(self.edge)}"
            )
        if any(len(node) != HASH_BYTES for node in self.edge):
            raise ValueError(f"edge hashes have {HASH_BYTES} bytes, got {[len(node) for node in self.edge]}")

    def extend(self, leaf_hashes: Iterable[bytes]) -> CompactRange:
        """The range after appending leaves. It computes at most two hashes per leaf on average."""
        size, edge = self.size, list(self.edge)
        sha256 = hashlib.sha256
        for leaf in leaf_hashes:
            node, merging = leaf, size
            while merging & 1:
                node = sha256(b"\x01" + edge.pop() + node).digest()
                merging >>= 1
            edge.append(node)
            size += 1
        return CompactRange(size, tuple(edge))

    def root(self) -> bytes:
        """The tree's root hash; for the empty tree, SHA-256 of the empty string."""
        return _fold(self.edge)


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """Root of the tree over these leaf hashes."""
    return CompactRange().extend(leaf_hashes).root()


def edge_nodes(size: int) -> list[tuple[int, int]]:
    """(level, index) of the nodes of CompactRange.edge, largest first."""
    return _cover(0, size)


def inclusion_path(index: int, size: int, node: NodeReader) -> list[bytes]:
    """Path of a leaf in a tree, from its sibling upward (RFC 9162 section 2.1.3.1). ValueError outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"leaf index {index} is not in a tree of {size} leaves")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range_root(middle, high, node))
            high = middle
        else:
            path.append(_range_root(low, middle, node))
            low = middle
    return path[::-1]


def consistency_path(old: int, size: int, node: NodeReader) -> list[bytes]:
    """Proof that a tree of `size` leaves extends one of `old` leaves (RFC 9162 section 2.1.4.1).

    Empty when old is 0 or equals size. Raises ValueError unless 0 <= old <= size.
    """
    if not 0 <= old <= size:
        raise ValueError(f"no consistency proof from {old} to {size} leaves: the old tree is larger or negative")
    if old == 0:
        return []
    path: list[bytes] = []
    low, high = 0, size
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_range_root(middle, high, node))
            high = middle
        else:
            path.append(_range_root(low, middle, node))
            low = middle
    if low > 0:
        path.append(_range_root(low, high, node))
    return path[::-1]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a proof: `parent` = node_hash(left, right); `proof_side` says which one came from the path."""

    left: bytes
    right: bytes
    parent: bytes
    proof_side: Literal["left", "right"]


def inclusion_steps(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> list[Step]:
    """The hashes from a leaf up to the root (RFC 9162 section 2.1.3.2); the last step's parent is the computed root.

    Raises VerificationError (`proof-shape`) for an index outside the tree or a path of the wrong length.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise VerificationError(f"inclusion proof: entry {index} is not in a tree of {size}", code="proof-shape")
    inner = (index ^ (size - 1)).bit_length()
    expected = inner + (index >> inner).bit_count()
    _require_shape("inclusion", path, expected, f"entry {index} of {size}")
    steps: list[Step] = []
    node = leaf
    for level, sibling in enumerate(path):
        from_left = level >= inner or bool(index >> level & 1)
        left, right = (sibling, node) if from_left else (node, sibling)
        node = node_hash(left, right)
        steps.append(Step(left, right, node, "left" if from_left else "right"))
    return steps


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Returns when `path` proves that the leaf hash stands at `index` of the tree with this size and root.

    Raises VerificationError: `proof-shape`, or `inclusion-mismatch` with the root expected and the one computed.
    """
    steps = inclusion_steps(leaf, index, size, path)
    computed = steps[-1].parent if steps else leaf
    if computed != root:
        raise VerificationError(
            f"inclusion proof of entry {index} in a tree of {size}: expected root {root.hex()}, got {computed.hex()}",
            code="inclusion-mismatch",
        )


def verify_consistency(old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> None:
    """Returns when `path` proves that tree (size, root) extends tree (old, old_root) (RFC 9162 section 2.1.4.2).

    Raises VerificationError: `proof-shape`, or `consistency-mismatch` with the root expected and the one computed.
    """
    if not 0 <= old <= size <= MAX_SIZE:
        raise VerificationError(
            f"consistency proof: expected an old size between 0 and the new size {size}, got {old}", code="proof-shape"
        )
    if old in (0, size):
        _require_shape("consistency", path, 0, f"{old} to {size}")
        _require_root(old, EMPTY_ROOT if old == 0 else root, old_root, "old")
        return
    shift = (old & -old).bit_length() - 1
    inner = ((old - 1) ^ (size - 1)).bit_length() - shift
    border = (old - 1) >> inner + shift
    starts_at_old_root = old.bit_count() == 1
    expected = inner + border.bit_count() + (0 if starts_at_old_root else 1)
    _require_shape("consistency", path, expected, f"{old} to {size}")
    seed, rest = (old_root, path) if starts_at_old_root else (path[0], path[1:])
    old_node = new_node = seed
    for level, sibling in enumerate(rest):
        if level >= inner or (old - 1) >> level + shift & 1:
            old_node, new_node = node_hash(sibling, old_node), node_hash(sibling, new_node)
        else:
            new_node = node_hash(new_node, sibling)
    _require_root(old, old_node, old_root, "old")
    _require_root(size, new_node, root, "new")


def _require_shape(kind: str, path: Sequence[bytes], expected: int, what: str) -> None:
    if len(path) != expected:
        raise VerificationError(
            f"{kind} proof ({what}): expected {expected} hashes, got {len(path)}", code="proof-shape"
        )
    for position, node in enumerate(path):
        if len(node) != HASH_BYTES:
            raise VerificationError(
                f"{kind} proof ({what}): expected {HASH_BYTES} bytes in hash {position}, got {len(node)}",
                code="proof-shape",
            )


def _require_root(size: int, computed: bytes, expected: bytes, which: str) -> None:
    if computed != expected:
        raise VerificationError(
            f"consistency proof: expected {which} root {expected.hex()} at size {size}, got {computed.hex()}",
            code="consistency-mismatch",
        )


def _split(n: int) -> int:
    """The largest power of two below n (n > 1)."""
    return 1 << (n - 1).bit_length() - 1


def _cover(low: int, high: int) -> list[tuple[int, int]]:
    """The fewest nodes that cover the leaves [low, high), from left to right."""
    nodes: list[tuple[int, int]] = []
    while low < high:
        level = (high - low).bit_length() - 1
        if low:
            level = min(level, (low & -low).bit_length() - 1)
        nodes.append((level, low >> level))
        low += 1 << level
    return nodes


def _range_root(low: int, high: int, node: NodeReader) -> bytes:
    """Root of the subtree over [low, high), where `low` is a split point of RFC 9162."""
    return _fold([node(level, index) for level, index in _cover(low, high)])


def _fold(edge: Sequence[bytes]) -> bytes:
    if not edge:
        return EMPTY_ROOT
    root = edge[-1]
    for node in reversed(edge[:-1]):
        root = node_hash(node, root)
    return root
