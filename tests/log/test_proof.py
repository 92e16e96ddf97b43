"""tlog-proof texts and tlog-policy files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import InputError, VerificationError
from ledger.log.checkpoint import SignedCheckpoint, add_signatures
from ledger.log.merkle import leaf_hash
from ledger.log.note import SignatureLine
from ledger.log.proof import TlogProof, parse_proof, verify_proof
from ledger.log.reader import TileReader, make_receipt
from ledger.log.vkey import NoteSigner
from ledger.log.witness_policy import parse_policy
from tests.log.keys import note_signer, witness_signer
from tests.log.logs import Log

KEY = note_signer().key


@pytest.fixture(scope="module")
def receipt(tmp_path_factory: pytest.TempPathFactory) -> TlogProof:
    log = Log.at(tmp_path_factory.mktemp("log"))
    signed = log.grow(300).signed
    return make_receipt(TileReader(log.objects), leaf_hash(b"entry 77"), 77, signed, extra=b"\x01\x02")


def test_the_text(receipt: TlogProof) -> None:
    lines = receipt.text.split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra AQI=", "index 77"]
    assert len(receipt.path) == 9
    assert lines[12:14] == ["", KEY.name]
    assert receipt.text.encode().endswith(receipt.checkpoint)
    assert parse_proof(receipt.text) == receipt
    assert verify_proof(receipt, leaf_hash(b"entry 77"), KEY).size == 300


def test_no_byte_can_change_but_in_the_unsigned_extra(receipt: TlogProof) -> None:
    data = receipt.text.encode()
    for position in range(len(data)):
        for mask in (0x01, 0x80):
            changed = data[:position] + bytes([data[position] ^ mask]) + data[position + 1 :]
            try:
                proof = parse_proof(changed.decode())
                verify_proof(proof, leaf_hash(b"entry 77"), KEY)
            except (VerificationError, UnicodeDecodeError):
                continue
            assert proof.extra != receipt.extra
            assert proof == TlogProof(receipt.index, receipt.path, receipt.checkpoint, proof.extra)


@settings(max_examples=50)
@given(st.data())
def test_what_parses_is_printed_the_same(receipt: TlogProof, data: st.DataObject) -> None:
    lines = receipt.text.split("\n")
    position = data.draw(st.integers(0, len(lines) - 1))
    lines[position] = data.draw(st.sampled_from([*lines, "extra ", "index 0", "index 00", " ", "index"]) | st.text())
    text = "\n".join(lines)
    try:
        proof = parse_proof(text)
    except VerificationError:
        return
    assert proof.text == text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("proof@v1\n", "proof@v2\n"),
        ("index 77", "index -1"),
        ("index 77", "index 077"),
        ("index 77", "index 77 "),
        ("index 77", "index 9223372036854775808"),
        ("index 77", "index 300"),
        ("index 77\n", ""),
        ("extra AQI=", "extra AQJ="),
        ("extra AQI=", "extra AQI"),
        ("extra AQI=", "extra  AQI="),
        ("extra AQI=\n", "extra AQI=\nextra AQI=\n"),
        ("index 77\n", "index 77\n" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n" * 64),
        ("index 77\n", "index 77\nAAEC\n"),
        ("\n\n", "\n"),
    ],
)
def test_malformed_proofs_are_refused(receipt: TlogProof, old: str, new: str) -> None:
    assert old in receipt.text
    with pytest.raises(VerificationError):
        verify_proof(parse_proof(receipt.text.replace(old, new, 1)), leaf_hash(b"entry 77"), KEY)


def test_rubbish_of_any_size_is_refused_early() -> None:
    for text in ("", "\n\n", "c2sp.org/tlog-proof@v1\n\n", "x" * 10_000_000):
        with pytest.raises(VerificationError):
            parse_proof(text)


WITNESSES = [witness_signer(number) for number in range(1, 6)]
DEFINITIONS = "".join(f"witness W{number} {each.key}\n" for number, each in enumerate(WITNESSES, 1))
EXAMPLE = f"""# the example of tlog-policy, with real keys
log {KEY} https://log.example/
{DEFINITIONS}
\tgroup X-witnesses 2 W1 W2 W3
group Y-witnesses any W4 W5
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def cosigned(proof: TlogProof, signers: list[NoteSigner]) -> TlogProof:
    text = proof.checkpoint.decode().split("\n\n")[0] + "\n"
    lines = [SignatureLine(each.key.name, each.key.key_id, each.cosignature(text, 1_700_000_000)) for each in signers]
    return TlogProof(proof.index, proof.path, add_signatures(proof.checkpoint, lines), proof.extra)


@pytest.mark.parametrize(
    ("cosigners", "accepted"),
    [
        ([], False),
        ([1, 2, 4], True),
        ([1, 3, 5], True),
        ([1, 2, 3], False),
        ([1, 4, 5], False),
        ([1, 2, 3, 4, 5], True),
    ],
)
def test_quorum(receipt: TlogProof, cosigners: list[int], accepted: bool) -> None:
    policy = parse_policy(EXAMPLE.encode())
    proof = cosigned(receipt, [WITNESSES[number - 1] for number in cosigners])
    if accepted:
        signed = verify_proof(proof, leaf_hash(b"entry 77"), policy.log_key(KEY.name), policy)
        assert isinstance(signed, SignedCheckpoint)
        assert len(signed.cosignatures) == len(cosigners)
    else:
        with pytest.raises(VerificationError) as refusal:
            verify_proof(proof, leaf_hash(b"entry 77"), KEY, policy)
        assert refusal.value.code == "no-quorum"


def test_a_policy_without_witnesses() -> None:
    policy = parse_policy(f"log {KEY}\nquorum none\n".encode())
    assert policy.is_quorum([])
    assert policy.log_key(KEY.name) == KEY
    with pytest.raises(VerificationError) as refusal:
        policy.log_key("example.com/other")
    assert refusal.value.code == "unknown-log"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "one quorum line"),
        ("quorum none\nquorum none\n", "line 2: a second quorum"),
        ("quorum W1\n" + DEFINITIONS, "line 1: W1 is not defined"),
        (DEFINITIONS + "group g 3 W1 W2\nquorum g\n", "line 6: 3 of 2"),
        (DEFINITIONS + "group g 0 W1 W2\nquorum g\n", "line 6: expected all, any or a number"),
        (DEFINITIONS + "group g all W1 W1\nquorum g\n", "line 6: member W1"),
        (DEFINITIONS + "group g all W1\ngroup h all W1\nquorum g\n", "line 7: member W1"),
        (DEFINITIONS + "group g all g\nquorum g\n", "line 6: member g"),
        (DEFINITIONS + "group none all W1\nquorum none\n", "line 6: the name none"),
        (DEFINITIONS + "group W1 all W2\nquorum none\n", "line 6: the name W1"),
        (DEFINITIONS + f"witness again {WITNESSES[0].key}\nquorum none\n", "line 6: the key of witness again"),
        (f"log {KEY}\nlog {KEY}\nquorum none\n", "line 2: the key of log"),
        (f"witness W {KEY}\nquorum W\n", "line 1: W has a log's key"),
        (f"log {WITNESSES[0].key}\nquorum none\n", "line 1: .* has a witness's key"),
        ("log not-a-vkey\nquorum none\n", "line 1: vkey"),
        ("group g all\nquorum none\n", "line 1: expected"),
        ("quorum\u00a0none\n", "line 1: expected"),
        ("quorum none\r\n", "control characters"),
        ("quorum none\0\n", "control characters"),
    ],
)
def test_malformed_policies_name_the_line(text: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint) as refusal:
        parse_policy(text.encode())
    assert refusal.value.code == "bad-policy"


def test_names_are_opaque_octets() -> None:
    kelvin = f"witness K {WITNESSES[0].key}\nwitness \u212a {WITNESSES[1].key}\n".encode()
    policy = parse_policy(kelvin + b"witness \xff\xfe " + str(WITNESSES[2].key).encode() + b"\nquorum K\n")
    assert policy.is_quorum([WITNESSES[0].key])
    assert not policy.is_quorum([WITNESSES[1].key])


def test_a_receipt_needs_a_checkpoint_that_covers_it(tmp_path: Path) -> None:
    log = Log.at(tmp_path)
    signed = log.grow(5).signed
    with pytest.raises(ValueError, match="not in a tree"):
        make_receipt(TileReader(log.objects), leaf_hash(b"entry 5"), 5, signed)
