"""Signed notes and vkeys: C2SP's example, round trips, and every change of one byte."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import VerificationError
from ledger.log.note import Note, SignatureLine, open_note, parse_note, sign_note
from ledger.log.vkey import KeyType, VerifierKey, parse_vkey, subtree_message
from tests.log.keys import note_signer, witness_signer

EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
CHECKPOINT_TEXT = f"{note_signer().key.name}\n3\n{base64.b64encode(bytes(32)).decode()}\n"
COSIGNED = Note(
    CHECKPOINT_TEXT,
    (
        *sign_note(CHECKPOINT_TEXT, note_signer()).signatures,
        SignatureLine(
            witness_signer(1).key.name,
            witness_signer(1).key.key_id,
            witness_signer(1).cosignature(CHECKPOINT_TEXT, 1_700_000_000),
        ),
    ),
)
KEYS = [note_signer().key, witness_signer(1).key]
names = st.text(min_size=1, max_size=20).filter(
    lambda name: (
        "+" not in name and not any(char.isspace() or char < " " or "\ud800" <= char < "\ue000" for char in name)
    )
)


def test_the_example_of_the_specification() -> None:
    key = parse_vkey(EXAMPLE_KEY)
    assert str(key) == EXAMPLE_KEY
    opened = open_note(EXAMPLE, [key])
    assert opened.note.text == "This is an example message.\n"
    assert bytes(opened.note) == EXAMPLE


def test_a_cosigned_note_opens_with_both_keys_or_either() -> None:
    data = bytes(COSIGNED)
    assert [each.time for each in open_note(data, KEYS).verified] == [None, 1_700_000_000]
    assert open_note(data, KEYS[:1]).unknown == COSIGNED.signatures[1:]
    assert open_note(data, KEYS[1:]).unknown == COSIGNED.signatures[:1]


@pytest.mark.parametrize("position", range(len(bytes(COSIGNED))))
def test_no_byte_can_change(position: int) -> None:
    data = bytes(COSIGNED)
    for mask in (0x01, 0x20, 0x80):
        changed = data[:position] + bytes([data[position] ^ mask]) + data[position + 1 :]
        try:
            opened = open_note(changed, KEYS)
        except VerificationError:
            continue
        # A name or key id that is not known any more makes its line one to ignore: then it proves nothing.
        assert len(opened.verified) == 1
        assert opened.note.text == CHECKPOINT_TEXT


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_what_parses_is_printed_the_same(data: bytes) -> None:
    try:
        note = parse_note(data)
    except VerificationError:
        return
    assert bytes(note) == data


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=50), st.lists(names, max_size=17)
)
def test_notes_with_many_signatures_round_trip(text: str, signers: list[str]) -> None:
    lines = tuple(SignatureLine(name, bytes(4), bytes([7]) * 64) for name in ["first", *signers])
    note = Note(text + "\n", lines)
    assert parse_note(bytes(note)) == note


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("message.\n\n", "message.\r\n\n"),
        ("message.\n\n", "message.\x00\n\n"),
        ("message.\n\n", "message.\n"),
        ("aQM=\n", "aQM=\n\n"),
        ("aQM=\n", "aQM="),
        ("aQM=\n", "aQM\n"),
        ("aQM=\n", "aQM= \n"),
        ("aQM=\n", "aQN=\n"),
        ("aQM=\n", "aQM=\naQM=\n"),
        ("Uw2Q", "Uw2Q\n"),
        ("Uw2Q", " Uw2Q"),
        ("— ", "- "),
        ("— ", "—"),
        ("— example.com/foo ", "—  "),
        ("— example.com/foo", "— example.com/f\u00a0o"),
        ("— example.com/foo", "— example.com/f\u2003o"),
        ("— example.com/foo", "— example.com/f+o"),
        ("This", "That"),
    ],
)
def test_malformed_notes_are_refused(old: str, new: str) -> None:
    assert old.encode() in EXAMPLE
    with pytest.raises(VerificationError):
        open_note(EXAMPLE.replace(old.encode(), new.encode()), [parse_vkey(EXAMPLE_KEY)])


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xff\n\n", b"text\n", "a\n\n— k AAAA\n".encode(), b"x" * 1_000_001])
def test_rubbish_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError) as refusal:
        parse_note(data)
    assert refusal.value.code in ("bad-note", "bad-base64")


def test_look_alike_names_are_other_names() -> None:
    lookalike = EXAMPLE.replace(b"example.com/foo", "ex\u0430mple.com/foo".encode())
    with pytest.raises(VerificationError) as refusal:
        open_note(lookalike, [parse_vkey(EXAMPLE_KEY)])
    assert refusal.value.code == "unsigned"


def test_a_bad_signature_by_a_known_key_condemns_the_note() -> None:
    forged = SignatureLine(KEYS[1].name, KEYS[1].key_id, witness_signer(1).cosignature("another\n1\n", 5))
    with pytest.raises(VerificationError) as refusal:
        open_note(bytes(Note(CHECKPOINT_TEXT, (COSIGNED.signatures[0], forged))), KEYS)
    assert refusal.value.code == "bad-signature"


def test_a_known_key_signs_once() -> None:
    with pytest.raises(VerificationError, match="two signatures"):
        open_note(bytes(Note(CHECKPOINT_TEXT, COSIGNED.signatures * 2)), KEYS)


def test_at_most_a_hundred_signatures() -> None:
    lines = tuple(SignatureLine(f"k{number}", bytes(4), bytes(64)) for number in range(101))
    assert len(parse_note(bytes(Note("text\n", lines[:100]))).signatures) == 100
    with pytest.raises(VerificationError, match="at most 100"):
        parse_note(bytes(Note("text\n", lines)))


@pytest.mark.parametrize("time", [0, 2**63])
def test_cosignature_times_out_of_range_are_refused(time: int) -> None:
    signer = witness_signer(1)
    with pytest.raises(VerificationError, match="time"):
        signer.key.verify(CHECKPOINT_TEXT, signer.cosignature(CHECKPOINT_TEXT, time))


def test_ml_dsa_cosignatures() -> None:
    private = MLDSA44PrivateKey.from_seed_bytes(bytes(32))
    key = VerifierKey("witness.example/pq", KeyType.COSIGNATURE_ML_DSA, private.public_key().public_bytes_raw())
    assert parse_vkey(str(key)) == key
    message = subtree_message(key.name, CHECKPOINT_TEXT, 1_700_000_000)
    origin = note_signer().key.name.encode()
    assert message == (
        b"subtree/v1\n\0\x12witness.example/pq"
        + (1_700_000_000).to_bytes(8, "big")
        + bytes([len(origin)])
        + origin
        + bytes(8)
        + (3).to_bytes(8, "big")
        + bytes(32)
    )
    signature = (1_700_000_000).to_bytes(8, "big") + private.sign(message)
    assert key.verify(CHECKPOINT_TEXT, signature) == 1_700_000_000
    with pytest.raises(VerificationError):
        key.verify(CHECKPOINT_TEXT.replace("\n3\n", "\n4\n"), signature)
    with pytest.raises(VerificationError):
        key.verify("not a checkpoint\n", signature)


@given(names, st.sampled_from([KeyType.ED25519, KeyType.COSIGNATURE]))
def test_vkeys_round_trip(name: str, key_type: KeyType) -> None:
    key = VerifierKey(name, key_type, note_signer().key.public)
    assert parse_vkey(str(key)) == key


@pytest.mark.parametrize("position", range(len(EXAMPLE_KEY)))
def test_no_character_of_a_vkey_can_change(position: int) -> None:
    for replacement in "A0+/=a\u0430 \n":
        changed = EXAMPLE_KEY[:position] + replacement + EXAMPLE_KEY[position + 1 :]
        if changed != EXAMPLE_KEY:
            with pytest.raises(VerificationError):
                parse_vkey(changed)


def test_weak_and_foreign_keys_are_refused() -> None:
    identity = bytes([1]) + bytes(31)
    for public in (identity, bytes(32), b"\xff" * 32):
        with pytest.raises(VerificationError):
            VerifierKey("example.com/weak", KeyType.ED25519, public)
    for text in ("", "a+b", "x+00000000+", "x+00000000+AA==", "x+00000000+BQ==", "x" * 5000):
        with pytest.raises(VerificationError):
            parse_vkey(text)


@pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "a\r\n"])
def test_texts_that_are_no_notes_are_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        sign_note(text, note_signer())
