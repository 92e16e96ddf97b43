"""The tree against RFC 9162's recursive definitions, the RFC's known answers, and every change of a proof."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import VerificationError
from ledger.log.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_path,
    edge_nodes,
    inclusion_path,
    inclusion_steps,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(b"%d" % number) for number in range(130)]
# The eight entries of the reference implementation of RFC 6962 (certificate-transparency) and their roots by size.
REFERENCE_ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
REFERENCE_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162 section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:])).digest()


def node(level: int, index: int) -> bytes:
    return tree_hash(LEAVES[index << level : (index + 1) << level])


def test_known_answers() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root_of([]) == EMPTY_ROOT
    for size, root in REFERENCE_ROOTS.items():
        assert root_of(leaf_hash(entry) for entry in REFERENCE_ENTRIES[:size]).hex() == root


@given(st.integers(0, 130), st.integers(0, 130))
def test_compact_range_extends_to_the_tree(first: int, size: int) -> None:
    first = min(first, size)
    grown = CompactRange().extend(LEAVES[:first]).extend(LEAVES[first:size])
    assert grown == CompactRange().extend(LEAVES[:size])
    assert grown.root() == tree_hash(LEAVES[:size])
    assert grown.edge == tuple(node(level, index) for level, index in edge_nodes(size))


@pytest.mark.parametrize(
    ("size", "edge"), [(-1, ()), (2**63, (bytes(32),)), (3, (bytes(32),)), (1, (bytes(31),)), (0, (bytes(32),))]
)
def test_compact_range_refuses_an_edge_that_does_not_fit(size: int, edge: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match=r"edge|size"):
        CompactRange(size, edge)


@pytest.mark.parametrize("size", [*range(1, 40), 64, 65, 127, 128, 129])
def test_every_proof_of_a_tree_verifies(size: int) -> None:
    root = tree_hash(LEAVES[:size])
    for index in range(size):
        path = inclusion_path(index, size, node)
        verify_inclusion(LEAVES[index], index, size, path, root)
    for old in range(size + 1):
        path = consistency_path(old, size, node)
        verify_consistency(old, tree_hash(LEAVES[:old]), size, root, path)


@st.composite
def places(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(st.integers(1, 130))
    return draw(st.integers(0, size - 1)), size


@given(places(), st.data())
def test_a_changed_inclusion_proof_is_refused(place: tuple[int, int], data: st.DataObject) -> None:
    index, size = place
    path, root = inclusion_path(index, size, node), tree_hash(LEAVES[:size])
    changed = data.draw(st.sampled_from(["leaf", "index", "root", "path", "longer", "shorter"]))
    leaf, at = LEAVES[index], index
    match changed:
        case "leaf":
            leaf = _flip(leaf, data)
        case "index":
            at = data.draw(st.integers(-2, size + 2).filter(lambda other: other != index))
        case "root":
            root = _flip(root, data)
        case "path" if path:
            position = data.draw(st.integers(0, len(path) - 1))
            path[position] = _flip(path[position], data)
        case "shorter" if path:
            path.pop(data.draw(st.integers(0, len(path) - 1)))
        case _:
            path.append(bytes(32))
    with pytest.raises(VerificationError):
        verify_inclusion(leaf, at, size, path, root)


@given(places(), st.data())
def test_a_changed_consistency_proof_is_refused(place: tuple[int, int], data: st.DataObject) -> None:
    old, size = place[0] + 1, place[1]
    path = consistency_path(old, size, node)
    old_root, root = tree_hash(LEAVES[:old]), tree_hash(LEAVES[:size])
    match data.draw(st.sampled_from(["old root", "root", "path", "longer", "shorter"])):
        case "old root":
            old_root = _flip(old_root, data)
        case "root":
            root = _flip(root, data)
        case "path" if path:
            position = data.draw(st.integers(0, len(path) - 1))
            path[position] = _flip(path[position], data)
        case "shorter" if path:
            path.pop()
        case _:
            path.append(bytes(32))
    with pytest.raises(VerificationError):
        verify_consistency(old, old_root, size, root, path)


@given(places(), places())
def test_a_proof_for_one_place_proves_no_other(place: tuple[int, int], other: tuple[int, int]) -> None:
    if place == other:
        return
    path = inclusion_path(*place, node)
    root = tree_hash(LEAVES[: other[1]])
    if place[1] == other[1] or root != tree_hash(LEAVES[: place[1]]):
        with pytest.raises(VerificationError):
            verify_inclusion(LEAVES[place[0]], other[0], other[1], path, root)


def test_steps_show_each_hash() -> None:
    steps = inclusion_steps(LEAVES[2], 2, 5, inclusion_path(2, 5, node))
    assert [step.proof_side for step in steps] == ["right", "left", "right"]
    assert steps[0].left == LEAVES[2]
    assert all(step.parent == node_hash(step.left, step.right) for step in steps)
    assert steps[-1].parent == tree_hash(LEAVES[:5])


def test_refusals_say_expected_and_got() -> None:
    with pytest.raises(VerificationError, match=r"expected 3 hashes, got 0") as refusal:
        verify_inclusion(LEAVES[0], 0, 5, [], EMPTY_ROOT)
    assert refusal.value.code == "proof-shape"
    with pytest.raises(VerificationError, match=rf"expected root {EMPTY_ROOT.hex()}, got {LEAVES[0].hex()}") as refusal:
        verify_inclusion(LEAVES[0], 0, 1, [], EMPTY_ROOT)
    assert refusal.value.code == "inclusion-mismatch"
    with pytest.raises(VerificationError, match="expected new root") as refusal:
        verify_consistency(1, LEAVES[0], 2, EMPTY_ROOT, [LEAVES[1]])
    assert refusal.value.code == "consistency-mismatch"


@pytest.mark.parametrize(("old", "size"), [(-1, 3), (4, 3), (1, 2**63)])
def test_sizes_beyond_the_tree_are_refused(old: int, size: int) -> None:
    with pytest.raises(VerificationError, match="old size"):
        verify_consistency(old, EMPTY_ROOT, size, EMPTY_ROOT, [])


def test_the_empty_tree_is_the_beginning_of_every_tree_but_has_one_root() -> None:
    verify_consistency(0, EMPTY_ROOT, 3, tree_hash(LEAVES[:3]), [])
    with pytest.raises(VerificationError):
        verify_consistency(0, LEAVES[0], 3, tree_hash(LEAVES[:3]), [])
    with pytest.raises(VerificationError):
        verify_consistency(0, EMPTY_ROOT, 3, tree_hash(LEAVES[:3]), [LEAVES[0]])


def _flip(value: bytes, data: st.DataObject) -> bytes:
    position = data.draw(st.integers(0, len(value) - 1))
    return value[:position] + bytes([value[position] ^ data.draw(st.integers(1, 255))]) + value[position + 1 :]
