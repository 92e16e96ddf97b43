from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import canonical
from ledger.audit.bundle import make_bundle
from ledger.audit.checks import Audit, AuditVerdict, Check, Outcome, not_checked
from ledger.audit.explain import explain_bundle
from ledger.audit.verifier import (
    AUTHORITY,
    CHECKPOINT,
    CONCLUSIONS,
    INCLUSION,
    REFERENCES,
    SIGNATURES,
    STATEMENT,
    WITNESSES,
    audit_bundle,
)
from ledger.errors import InputError
from ledger.log.checkpoint import add_signatures
from ledger.log.note import SignatureLine
from ledger.log.vkey import KeyType, NoteSigner, VerifierKey, parse_vkey
from ledger.log.witness_policy import parse_policy
from ledger.match.lists import Relation, Verdict
from ledger.record import dsse
from ledger.record.keyid import short_keyid
from ledger.record.keys import Signer
from ledger.record.parts import AttributionText, ShareText
from tests.audit.material import (
    BUNDLE,
    ENTRIES,
    LOG_OF_SEVEN,
    LOG_VKEY,
    NOTE_SIGNER,
    VERIFIED_INDEX,
    Log,
    failed,
    leaf_of,
    outcomes,
)
from tests.record.kinds import ALL
from tests.record.samples import ATTRIBUTION, IMAGE, ORIGIN, OTHER, SIGNER, match_text, uid, verification

WITNESS = Signer.from_seed(bytes([7]) * 32)
WITNESS_KEY = VerifierKey("witness.example/w1", KeyType.COSIGNATURE, WITNESS.public_raw)


def test_a_good_bundle_verifies_and_says_what_it_did_not_check() -> None:
    audit = audit_bundle(BUNDLE, LOG_VKEY)
    assert (audit.verdict, audit.exit_code) == (AuditVerdict.VERIFIED, 0)
    open_questions = {name for name, outcome in outcomes(audit).items() if outcome is Outcome.NOT_CHECKED}
    assert open_questions == {WITNESSES, AUTHORITY, REFERENCES}
    assert all(check.detail for check in audit.checks)


def test_a_given_record_key_settles_the_authority() -> None:
    good = audit_bundle(BUNDLE, LOG_VKEY, [SIGNER.public_raw])
    assert outcomes(good)[AUTHORITY] is Outcome.PASSED
    assert good.exit_code == 0
    bad = audit_bundle(BUNDLE, LOG_VKEY, [OTHER.public_raw])
    assert failed(bad) == [(AUTHORITY, "key-not-authorised")]
    assert bad.exit_code == 1


@pytest.mark.parametrize("predicate", ALL, ids=lambda predicate: predicate.kind)
def test_every_kind_verifies(predicate: Any) -> None:
    log = Log([*ENTRIES, leaf_of(predicate, SIGNER, OTHER)])
    audit = audit_bundle(log.bundle(len(ENTRIES), SIGNER, OTHER).to_bytes(), LOG_VKEY, [SIGNER.public_raw])
    assert audit.exit_code == 0, audit.checks
    assert short_keyid(OTHER.keyid) in next(check.detail for check in audit.checks if check.name == AUTHORITY)


SMALL = Log(ENTRIES[:2]).bundle(1).to_bytes()


def test_any_one_changed_byte_is_refuted_at_every_position() -> None:
    """All positions, one changed bit each; the next test draws other bytes."""
    for position in range(len(SMALL)):
        changed = SMALL[:position] + bytes([SMALL[position] ^ (1 << position % 7)]) + SMALL[position + 1 :]
        assert audit_bundle(changed, LOG_VKEY).exit_code == 1, position


@settings(max_examples=300)
@given(st.integers(0, len(BUNDLE) - 1), st.integers(0, 255))
def test_any_other_byte_is_refuted(position: int, byte: int) -> None:
    changed = BUNDLE[:position] + bytes([byte]) + BUNDLE[position + 1 :]
    if changed != BUNDLE:
        assert audit_bundle(changed, LOG_VKEY).exit_code == 1


@given(st.integers(0, len(BUNDLE) - 1), st.binary(max_size=3))
def test_insertions_and_cuts_are_refuted(position: int, inserted: bytes) -> None:
    assert audit_bundle(BUNDLE[:position], LOG_VKEY).exit_code == 1
    if inserted:
        assert audit_bundle(BUNDLE[:position] + inserted + BUNDLE[position:], LOG_VKEY).exit_code == 1


def test_without_the_logs_key_nothing_is_verified() -> None:
    audit = audit_bundle(BUNDLE, None)
    assert (audit.verdict, audit.exit_code) == (AuditVerdict.UNDECIDED, 4)
    assert outcomes(audit)[CHECKPOINT] is outcomes(audit)[INCLUSION] is Outcome.NOT_CHECKED


def test_another_logs_key_refutes() -> None:
    stranger = str(VerifierKey(ORIGIN, KeyType.ED25519, OTHER.public_raw))
    elsewhere = str(VerifierKey("example.com/log", KeyType.ED25519, NOTE_SIGNER.key.public))
    for vkey in (stranger, elsewhere):
        assert failed(audit_bundle(BUNDLE, vkey)) == [(CHECKPOINT, "unsigned")]


@pytest.mark.parametrize("vkey", ["", "rubbish", LOG_VKEY[:-1], str(WITNESS_KEY)])
def test_a_key_that_is_none_is_the_callers_mistake(vkey: str) -> None:
    with pytest.raises(InputError) as caught:
        audit_bundle(BUNDLE, vkey)
    assert caught.value.code == "bad-vkey"
    with pytest.raises(InputError) as record_key:
        audit_bundle(BUNDLE, LOG_VKEY, [bytes(32)])
    assert record_key.value.code == "bad-record-key"


def test_a_proof_for_another_leaf_or_size_is_refuted() -> None:
    bundle = LOG_OF_SEVEN.bundle(VERIFIED_INDEX)
    neighbour = LOG_OF_SEVEN.bundle(VERIFIED_INDEX - 1)
    keys = {SIGNER.keyid: SIGNER.public_raw}
    swapped = make_bundle(bundle.leaf, 4, neighbour.proof.path, bundle.proof.checkpoint, keys)
    assert failed(audit_bundle(swapped.to_bytes(), LOG_VKEY)) == [(INCLUSION, "inclusion-mismatch")]
    earlier = make_bundle(bundle.leaf, 5, bundle.proof.path, Log(ENTRIES[:6]).checkpoint, keys)
    assert failed(audit_bundle(earlier.to_bytes(), LOG_VKEY))[0][0] == INCLUSION


def test_a_logged_forgery_is_refuted_by_its_signature() -> None:
    """The log itself cannot put words into the record key's mouth."""
    envelope = canonical.loads(leaf_of(verification()))
    envelope["signatures"][0]["sig"] = canonical.loads(leaf_of(ALL[1]))["signatures"][0]["sig"]
    log = Log([*ENTRIES, canonical.dumps(envelope)])
    audit = audit_bundle(log.bundle(len(ENTRIES)).to_bytes(), LOG_VKEY)
    assert failed(audit) == [(SIGNATURES, "bad-signature")]
    assert outcomes(audit)[STATEMENT] is Outcome.NOT_CHECKED


def _logged(payload: bytes) -> Audit:
    log = Log([*ENTRIES, dsse.sign(payload, [SIGNER])])
    return audit_bundle(log.bundle(len(ENTRIES)).to_bytes(), LOG_VKEY)


def test_a_signed_payload_that_is_no_statement_is_refuted() -> None:
    assert failed(_logged(b"{}")) == [(STATEMENT, "statement-shape")]


def test_a_kind_of_the_future_is_not_refuted_but_undecided() -> None:
    payload = dsse.parse(ENTRIES[1]).payload.replace(b":registration:", b":exhibition:")
    audit = _logged(payload)
    assert audit.exit_code == 4
    assert "newer version" in audit.checks[-1].detail


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (verification(verdict=Verdict.NONE), "'copy'"),
        (verification(verdict=Verdict.NOT_COMPARABLE), "'copy'"),
        (verification((match_text(1, p_value="0.0101"),)), "'none'"),
        (
            verification((), Verdict.NONE).model_copy(
                update={
                    "image": IMAGE.model_copy(update={"width": 15}),
                    "attribution": AttributionText(alpha="0.0100", shares=(), unattributed="1.000000"),
                }
            ),
            "'not-comparable'",
        ),
        (verification((match_text(1, Relation.SIMILAR_STYLE),)), "'style'"),
        (
            verification().model_copy(update={"attribution": ATTRIBUTION.model_copy(update={"unattributed": "0.5"})}),
            "unattributed 0.006900, the record says",
        ),
        (
            verification().model_copy(
                update={
                    "attribution": ATTRIBUTION.model_copy(
                        update={"shares": (ShareText(artists=(uid(9),), group=None, share="0.993100"),)}
                    )
                }
            ),
            f"shares {uid(301)} 0.993100",
        ),
    ],
)
def test_conclusions_that_do_not_follow_are_refuted(record: Any, words: str) -> None:
    audit = _logged(dsse.parse(leaf_of(record)).payload)
    assert failed(audit) == [(CONCLUSIONS, "wrong-conclusion")]
    assert any(words in check.detail for check in audit.checks)


def _cosigned() -> bytes:
    note = NoteSigner(WITNESS_KEY, WITNESS.sign)
    text = LOG_OF_SEVEN.checkpoint.decode().rpartition("\n\n")[0] + "\n"
    line = SignatureLine(WITNESS_KEY.name, WITNESS_KEY.key_id, note.cosignature(text, 1_770_000_000))
    bundle = LOG_OF_SEVEN.bundle(VERIFIED_INDEX)
    checkpoint = add_signatures(bundle.proof.checkpoint, [line])
    return make_bundle(bundle.leaf, bundle.proof.index, bundle.proof.path, checkpoint, bundle.keys).to_bytes()


def test_a_policy_asks_for_witnesses_and_may_bring_the_logs_key() -> None:
    policy = parse_policy(f"log {LOG_VKEY}\nwitness w1 {WITNESS_KEY}\nquorum w1\n".encode())
    for vkey in (LOG_VKEY, None):
        audit = audit_bundle(_cosigned(), vkey, policy=policy)
        assert audit.exit_code == 0
        assert outcomes(audit)[WITNESSES] is Outcome.PASSED
    assert failed(audit_bundle(BUNDLE, LOG_VKEY, policy=policy)) == [(WITNESSES, "no-quorum")]
    unread = audit_bundle(_cosigned(), LOG_VKEY)
    assert unread.exit_code == 0
    assert any("1 further signature lines" in check.detail for check in unread.checks)


def test_a_policy_without_this_log_refutes() -> None:
    other = VerifierKey("example.com/log", KeyType.ED25519, OTHER.public_raw)
    policy = parse_policy(f"log {other}\nquorum none\n".encode())
    assert failed(audit_bundle(BUNDLE, None, policy=policy)) == [(CHECKPOINT, "unknown-log")]


def test_an_audit_of_nothing_verifies_nothing() -> None:
    assert Audit("x", ()).exit_code == 4
    assert Audit("x", (not_checked("a", "no reason", essential=False),)).exit_code == 4
    passed = Check("a", Outcome.PASSED, "")
    assert Audit("x", (passed, not_checked("b", "", essential=False))).exit_code == 0
    assert Audit("x", (passed, Check("b", Outcome.FAILED, "", essential=False))).exit_code == 1


def test_json_has_every_check_and_the_verdict() -> None:
    value = audit_bundle(BUNDLE, LOG_VKEY).to_json()
    assert value["verdict"] == "verified"
    assert {check["outcome"] for check in value["checks"]} == {"passed", "not-checked"}
    canonical.dumps(value)


def test_explain_shows_each_hash_up_to_the_root() -> None:
    lines = explain_bundle(BUNDLE, LOG_VKEY)
    text = "\n".join(lines)
    bundle = LOG_OF_SEVEN.bundle(VERIFIED_INDEX)
    assert all(node.hex() in text for node in bundle.proof.path)
    assert sum(line.startswith("step") for line in lines) == len(bundle.proof.path) == 3
    assert "(equal to the last hash above)" in text
    assert parse_vkey(LOG_VKEY).name in text


def test_the_auditors_import_is_light() -> None:
    code = (
        "import sys\n"
        "import ledger.audit.verifier, ledger.audit.picture, ledger.audit.entries, ledger.audit.explain\n"
        "import ledger.record.reference, ledger.record.commitment\n"
        "heavy = {'numpy', 'torch', 'PIL', 'sqlalchemy', 'psycopg', 'rfc8785', 'securesystemslib'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
