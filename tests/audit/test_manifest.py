"""Manifests: one form only, a root that others can compute, and proofs of membership and absence that cannot lie."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.audit.manifest import ManifestTree, Member, require_membership
from ledger.errors import InputError, VerificationError


def digest(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


def text(digests: list[str]) -> bytes:
    return "".join(f"{each}\n" for each in sorted(digests)).encode()


def root(digests: list[str]) -> bytes:
    """RFC 9162 section 2.1.1, written down once more."""
    if not digests:
        return hashlib.sha256().digest()
    if len(digests) == 1:
        return hashlib.sha256(b"\0" + bytes.fromhex(digests[0])).digest()
    half = 1 << (len(digests) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(digests[:half]) + root(digests[half:])).digest()


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 100])
def test_every_digest_is_proven_in_or_out(size: int) -> None:
    listed = sorted(digest(number) for number in range(size))
    tree = ManifestTree(text(listed))
    assert (tree.root, tree.size) == (root(listed).hex(), size)
    for sha256 in listed:
        [member] = tree.find(sha256)
        assert member.sha256 == sha256
        assert require_membership(tree.root, tree.size, sha256, [member])
    for number in range(size, size + 20):
        assert not require_membership(tree.root, tree.size, digest(number), tree.find(digest(number)))
    for sha256 in ("0" * 64, "f" * 64):
        assert not require_membership(tree.root, tree.size, sha256, tree.find(sha256))


def test_proofs_that_lie_are_refused() -> None:
    listed = sorted(digest(number) for number in range(9))
    tree = ManifestTree(text(listed))
    [member] = tree.find(listed[4])
    low, high = tree.find(digest(100))
    lies: list[list[Member]] = [
        [],
        [low],
        [high],
        [high, low],
        [low, low],
        [low, high, high],
        [tree.find(listed[low.index - 1])[0], high],
        [replace(member, sha256=digest(100))],
        [replace(member, path=member.path[::-1])],
        [replace(member, index=member.index + 1)],
        [replace(member, index=9)],
    ]
    for lie in lies:
        with pytest.raises(VerificationError):
            require_membership(tree.root, tree.size, digest(100), lie)
    with pytest.raises(VerificationError):
        require_membership(digest(1), tree.size, listed[4], [member])
    first, last = tree.find(listed[0])[0], tree.find(listed[-1])[0]
    for end in (first, last):
        with pytest.raises(VerificationError):
            require_membership(tree.root, tree.size, listed[4], [end])


@pytest.mark.parametrize(
    "data",
    [
        digest(1).encode(),
        digest(1).upper().encode() + b"\n",
        digest(1).encode() + b"\r\n",
        b"\n",
        b"abc\n",
        (digest(1) + "\n").encode() * 2,
        b"".join(sorted([digest(1).encode() + b"\n", digest(2).encode() + b"\n"], reverse=True)),
        text([digest(1)]) + b"\n",
        "ä".encode() * 32 + b"\n",
    ],
)
def test_a_manifest_has_one_form(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        ManifestTree(data)
    assert caught.value.code == "bad-manifest"


@given(st.sets(st.binary(min_size=32, max_size=32), max_size=20), st.binary(min_size=32, max_size=32))
def test_any_set_answers_about_any_digest(chosen: set[bytes], asked: bytes) -> None:
    tree = ManifestTree(text([each.hex() for each in chosen]))
    assert require_membership(tree.root, tree.size, asked.hex(), tree.find(asked.hex())) == (asked in chosen)
