"""Reveals: what a record commits to is opened by the right key and object alone, offline."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.audit.checks import AuditVerdict, Outcome
from ledger.audit.reveal import audit_reveal
from ledger.errors import InputError
from ledger.record.commitment import commit
from ledger.record.predicates import Predicate, Resolution
from ledger.record.predicates.pictures import UNKNOWN
from ledger.record.reveal import MAX_REVEAL_BYTES, Reveal, parse_reveal
from tests.audit.material import LOG_VKEY, Log, leaf_of
from tests.record.kinds import ALL
from tests.record.samples import GENERATION, OTHER, SIGNER, key_record, sha, uid

PROMPT = {"prompt": "a red cär", "negative_prompt": ""}
COMMITMENT = commit(PROMPT)
GOOD: dict[str, Any] = {
    "field": "prompt",
    "key": COMMITMENT.key.hex(),
    "record_id": GENERATION.record_id,
    "value": PROMPT,
}


def bundle_of(predicate: Predicate) -> bytes:
    """Signed by an auditor, too, where that is needed."""
    signers = (SIGNER, OTHER) if isinstance(predicate, Resolution) else (SIGNER,)
    return Log((leaf_of(key_record()), leaf_of(predicate, *signers))).bundle(1, *signers).to_bytes()


BUNDLE = bundle_of(GENERATION.model_copy(update={"prompt": COMMITMENT.digest}))


def reveal(**changes: Any) -> Reveal:
    return parse_reveal(json.dumps(GOOD | changes).encode())


def failure(bundle: bytes, shown: Reveal) -> str | None:
    audit = audit_reveal(bundle, shown, LOG_VKEY, [SIGNER.public_raw])
    assert audit.verdict is AuditVerdict.REFUTED
    [failed] = [check for check in audit.checks if check.outcome is Outcome.FAILED]
    assert failed.name == "commitment"
    return failed.code


def test_key_and_object_open_the_commitment() -> None:
    audit = audit_reveal(BUNDLE, reveal(), LOG_VKEY, [SIGNER.public_raw])
    assert audit.verdict is AuditVerdict.VERIFIED
    assert {check.name: check.outcome for check in audit.checks}["inclusion"] is Outcome.PASSED


def test_without_the_logs_key_the_log_stays_open_and_the_commitment_does_not() -> None:
    audit = audit_reveal(BUNDLE, reveal())
    assert audit.verdict is AuditVerdict.VERIFIED
    outcomes = {check.name: check.outcome for check in audit.checks}
    assert outcomes["checkpoint"] is outcomes["inclusion"] is Outcome.NOT_CHECKED
    assert outcomes["commitment"] is Outcome.PASSED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": PROMPT | {"prompt": "a blue car"}}, "commitment-mismatch"),
        ({"value": "a red cär"}, "commitment-mismatch"),
        ({"value": PROMPT | {"more": None}}, "commitment-mismatch"),
        ({"key": "00" * 32}, "commitment-mismatch"),
        ({"record_id": uid(999)}, "reveal-other-record"),
        ({"field": "metadata"}, "nothing-committed"),
        ({"value": 1.5}, "not-committable"),
        ({"value": 2**60}, "not-committable"),
    ],
)
def test_anything_else_is_refuted(changes: dict[str, Any], code: str) -> None:
    assert failure(BUNDLE, reveal(**changes)) == code


def test_an_undisclosed_prompt_cannot_be_revealed() -> None:
    assert failure(bundle_of(GENERATION.model_copy(update={"prompt": UNKNOWN})), reveal()) == "nothing-committed"


def test_every_commitment_of_every_kind_can_be_revealed() -> None:
    commitments = [
        (predicate, field)
        for predicate in ALL
        for field in ("metadata", "prompt", "text")
        if isinstance(getattr(predicate, field, None), str)
    ]
    assert {predicate.kind for predicate, _ in commitments} == {
        "registration", "generation", "claim", "response", "resolution"
    }  # fmt: skip
    for predicate, field in commitments:
        made = commit({"of": predicate.kind})
        shown = reveal(field=field, key=made.key.hex(), record_id=predicate.record_id, value={"of": predicate.kind})
        bundle = bundle_of(predicate.model_copy(update={field: made.digest}))
        assert audit_reveal(bundle, shown, LOG_VKEY).verdict is AuditVerdict.VERIFIED, predicate.kind


def test_a_bad_bundle_is_refuted_before_anything_is_revealed() -> None:
    for bundle in (b"{}", BUNDLE[:-2] + b" }", BUNDLE.replace(b'"sig":"', b'"sig":"A', 1)):
        audit = audit_reveal(bundle, reveal(), LOG_VKEY)
        assert audit.verdict is AuditVerdict.REFUTED
        assert "commitment" not in {each.name for each in audit.checks if each.outcome is Outcome.PASSED}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        json.dumps(GOOD | {"digest": sha("x")}).encode(),
        json.dumps({name: value for name, value in GOOD.items() if name != "value"}).encode(),
        json.dumps(GOOD | {"field": "seed"}).encode(),
        json.dumps(GOOD | {"key": "ab"}).encode(),
        json.dumps(GOOD | {"record_id": "1"}).encode(),
        b" " * (MAX_REVEAL_BYTES + 1),
        b'{"value":' + b"[" * 100_000,
    ],
)
def test_files_that_are_no_reveal_are_refused(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        parse_reveal(data)
    assert caught.value.code == "bad-reveal"


@given(st.binary(max_size=300))
def test_nothing_but_an_input_error_comes_of_any_bytes(data: bytes) -> None:
    with pytest.raises(InputError):
        parse_reveal(data)


def test_the_key_is_not_printed_by_accident() -> None:
    assert COMMITMENT.key.hex() not in repr(reveal())
    assert "cär" not in repr(reveal())
