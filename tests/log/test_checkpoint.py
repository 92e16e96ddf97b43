"""Checkpoints: the golden log's, ours, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import VerificationError
from ledger.log.checkpoint import Checkpoint, add_signatures, open_checkpoint, parse_checkpoint, sign_checkpoint
from ledger.log.note import SignatureLine, sign_note
from ledger.log.vkey import parse_vkey
from tests.log.keys import GOLDEN, GOLDEN_KEY, note_signer, witness_signer
from tests.record.samples import ORIGIN

SIGNER = note_signer()
CHECKPOINT = Checkpoint(ORIGIN, 70_000, bytes(range(32)))
SIGNED = sign_checkpoint(CHECKPOINT, SIGNER)


def test_the_bytes() -> None:
    text = "localhost/artledger/0123abcd\n70000\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert CHECKPOINT.text == text
    assert SIGNED.startswith(f"{text}\n— localhost/artledger/0123abcd ".encode())
    assert open_checkpoint(SIGNED, SIGNER.key).checkpoint == CHECKPOINT


def test_golden_checkpoints_are_accepted_and_any_change_is_refused() -> None:
    key = parse_vkey(GOLDEN_KEY)
    for size in range(16):
        data = (GOLDEN / ("checkpoint" if size == 15 else f"checkpoint.{size}")).read_bytes()
        assert open_checkpoint(data, key).size == size
        for position in range(len(data)):
            changed = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
            with pytest.raises(VerificationError):
                open_checkpoint(changed, key)


@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
def test_no_byte_can_change(position: int, mask: int) -> None:
    changed = SIGNED[:position] + bytes([SIGNED[position] ^ mask]) + SIGNED[position + 1 :]
    with pytest.raises(VerificationError):
        open_checkpoint(changed, SIGNER.key)


@given(st.text(max_size=80))
def test_what_parses_is_printed_the_same(text: str) -> None:
    for candidate in (text, f"{text}\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", f"o\n{text}\n{text}\n"):
        try:
            checkpoint = parse_checkpoint(candidate)
        except VerificationError:
            continue
        assert checkpoint.text == candidate


@pytest.mark.parametrize(
    "size", ["", "-1", "+1", "01", "1 ", "1_0", "0x1", "１", "9223372036854775808", "99999999999999999999", "1.0"]
)
def test_sizes_that_are_no_plain_decimals_are_refused(size: str) -> None:
    with pytest.raises(VerificationError):
        parse_checkpoint(CHECKPOINT.text.replace("70000", size))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        f"{ORIGIN}\n1\n",
        f"{ORIGIN}\n1\nAAEC\n",
        f"{ORIGIN}\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
        f"{ORIGIN}\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
        CHECKPOINT.text + "\n",
        CHECKPOINT.text[:-1],
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        parse_checkpoint(text)


def test_extension_lines_of_other_logs_are_kept() -> None:
    checkpoint = parse_checkpoint(CHECKPOINT.text + "extension\n")
    assert checkpoint.extensions == ("extension",)
    assert checkpoint.text == CHECKPOINT.text + "extension\n"


def test_the_origin_is_the_key_name() -> None:
    text = Checkpoint("localhost/other", 1, bytes(32)).text
    with pytest.raises(VerificationError) as refusal:
        open_checkpoint(bytes(sign_note(text, SIGNER)), SIGNER.key)
    assert refusal.value.code == "wrong-origin"
    with pytest.raises(ValueError, match="cannot be signed"):
        sign_checkpoint(Checkpoint("localhost/other", 1, bytes(32)), SIGNER)


def test_witnesses_alone_do_not_make_a_checkpoint() -> None:
    witness = witness_signer(1)
    line = SignatureLine(witness.key.name, witness.key.key_id, witness.cosignature(CHECKPOINT.text, 1_700_000_000))
    cosigned = add_signatures(SIGNED, [line])
    opened = open_checkpoint(cosigned, SIGNER.key, [witness.key])
    assert [each.key for each in opened.cosignatures] == [witness.key]
    without_log = cosigned.replace(bytes(str(open_line(SIGNED)), "utf-8"), b"")
    with pytest.raises(VerificationError) as refusal:
        open_checkpoint(without_log, SIGNER.key, [witness.key])
    assert refusal.value.code == "unsigned"
    with pytest.raises(VerificationError) as refusal:
        open_checkpoint(cosigned, witness.key)
    assert refusal.value.code == "bad-vkey"


def open_line(data: bytes) -> SignatureLine:
    return SignatureLine(SIGNER.key.name, SIGNER.key.key_id, SIGNER.signature(data.decode().split("\n\n")[0] + "\n"))
