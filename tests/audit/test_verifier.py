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
from ledger.audit.holders import MAKER
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
    leaf_of,
)
from tests.record.samples import (
    ALL,
    ATTRIBUTION,
    IMAGE,
    ORIGIN,
    OTHER,
    SIGNER,
    key_record,
    match_text,
    registration,
    uid,
    verification,
)

WITNESS = Signer.from_seed(bytes([7]) * 32)
WITNESS_KEY = VerifierKey("witness.example/w1", KeyType.COSIGNATURE, WITNESS.public_raw)


def outcomes(audit: Audit) -> dict[str, Outcome]:
    return {check.name: check.outcome for check in audit.checks}


def failed(audit: Audit) -> list[tuple[str, str | None]]:
    return [(check.name, check.code) for check in audit.checks if check.outcome is Outcome.FAILED]


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


def of_artist(signer: Signer, holder_id: str, **changes: Any) -> Any:
    return key_record(signer, 500).model_copy(update={"role": "artist", "holder_id": holder_id} | changes)


def test_the_makers_signature_is_checked_where_its_key_is_announced() -> None:
    artist = registration(600).artist_id
    keys = [of_artist(OTHER, artist), of_artist(OTHER, uid(77)), of_artist(OTHER, artist, event="revoked")]
    log = Log(
        [*ENTRIES, *(leaf_of(key, SIGNER, OTHER) for key in keys), leaf_of(registration(600), SIGNER, OTHER)],
    )
    own, strangers, revocation, work = (
        log.bundle(index, SIGNER, OTHER).to_bytes() for index in range(len(ENTRIES), len(ENTRIES) + 4)
    )
    assert outcomes(audit_bundle(work, LOG_VKEY))[MAKER] is Outcome.NOT_CHECKED
    known = audit_bundle(work, LOG_VKEY, announcements=[own])
    assert (outcomes(known)[MAKER], known.exit_code) == (Outcome.PASSED, 0)
    assert failed(audit_bundle(work, LOG_VKEY, announcements=[strangers])) == [(MAKER, "wrong-holder")]
    elsewhere = Log(log.entries[:-1]).bundle(0).to_bytes()
    late = audit_bundle(work, LOG_VKEY, announcements=[own, revocation])
    assert failed(late) == [(MAKER, "key-revoked")]
    for bad in (work, own[:-1], b"", elsewhere.replace(b"0123abcd", b"1123cafe")):
        with pytest.raises(InputError) as caught:
            audit_bundle(work, LOG_VKEY, announcements=[bad])
        assert caught.value.code == "bad-announcement"


def test_any_valid_key_may_sign_what_the_service_says() -> None:
    """A replay accepts it, so a bundle's audit does, whoever's announcement it is given (FORMAT.md, Log)."""
    announced, revocation = of_artist(OTHER, uid(77)), of_artist(OTHER, uid(77), event="revoked", record_id=uid(501))
    entries = [leaf_of(announced, SIGNER, OTHER), leaf_of(verification(), SIGNER, OTHER), leaf_of(revocation)]
    log = Log([ENTRIES[0], *entries, leaf_of(verification().model_copy(update={"record_id": uid(502)}), SIGNER, OTHER)])
    key, good, ended, late = (
        log.bundle(index, *((SIGNER,) if index == 3 else (SIGNER, OTHER))).to_bytes() for index in range(1, 5)
    )
    audit = audit_bundle(good, LOG_VKEY, announcements=[key, ended])
    assert (outcomes(audit)[MAKER], audit.exit_code) == (Outcome.PASSED, 0)
    assert failed(audit_bundle(late, LOG_VKEY, announcements=[key, ended])) == [(MAKER, "key-revoked")]


def test_who_had_a_key_and_did_not_sign() -> None:
    """What was verified before: the service registers in the name of an artist who has a key."""
    artist = registration(600).artist_id
    key, revocation = of_artist(OTHER, artist), of_artist(OTHER, artist, event="revoked", record_id=uid(501))
    entries = [leaf_of(registration(600)), leaf_of(key, SIGNER, OTHER), leaf_of(registration(601)), leaf_of(revocation)]
    log = Log([*ENTRIES, *entries, leaf_of(registration(602))])
    before, announced, lacking, revoked, after = (
        log.bundle(len(ENTRIES) + place, *((SIGNER, OTHER) if place == 1 else ())).to_bytes() for place in range(5)
    )
    alone = audit_bundle(lacking, LOG_VKEY)
    assert (outcomes(alone)[MAKER], alone.exit_code) == (Outcome.NOT_CHECKED, 0)
    assert "--announcement" in next(check.detail for check in alone.checks if check.name == MAKER)
    for keys in ([announced], [announced, revoked]):
        assert failed(audit_bundle(lacking, LOG_VKEY, announcements=keys)) == [(MAKER, "signature-missing")]
    assert audit_bundle(before, LOG_VKEY, announcements=[announced]).exit_code == 0
    assert audit_bundle(after, LOG_VKEY, announcements=[announced, revoked]).exit_code == 0
    assert audit_bundle(after, LOG_VKEY, announcements=[announced]).exit_code == 1, "the revocation was not given"


def test_a_resolution_by_the_service_alone_is_refuted() -> None:
    log = Log([*ENTRIES, leaf_of(next(each for each in ALL if each.kind == "resolution"))])
    assert failed(audit_bundle(log.bundle(len(ENTRIES)).to_bytes(), LOG_VKEY)) == [(MAKER, "signature-missing")]


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
