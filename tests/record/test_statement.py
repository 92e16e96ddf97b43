from __future__ import annotations

import json
from typing import Any, get_args

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger import canonical
from ledger.errors import VerificationError
from ledger.match.lists import MATCHES, Relation, Verdict
from ledger.record import dsse
from ledger.record.parts import MatchText, MemberText, Ref
from ledger.record.predicates import PREDICATES, Kind, Predicate, implied_subject, refs_of
from ledger.record.statement import STATEMENT_TYPE, parse_payload, statement_payload
from ledger.record.values import decimal_text
from tests.record.kinds import ALL, subject_of
from tests.record.samples import SIGNER, match_text, sha, uid, verification

by_kind = pytest.mark.parametrize("predicate", ALL, ids=lambda predicate: predicate.kind)


def payload_of(predicate: Predicate) -> bytes:
    return statement_payload("subject", subject_of(predicate), predicate)


def edited(predicate: Predicate, **changes: Any) -> bytes:
    value = json.loads(payload_of(predicate))
    value["predicate"].update(changes)
    return canonical.dumps(value)


def test_samples_cover_every_kind() -> None:
    kinds = [predicate.kind for predicate in ALL]
    assert sorted(kinds) == sorted(get_args(Kind)) == sorted(model.kind for model in PREDICATES)


@by_kind
def test_every_kind_survives_and_is_canonical(predicate: Predicate) -> None:
    payload = payload_of(predicate)
    value = json.loads(payload)
    assert rfc8785.dumps(value) == canonical.dumps(value) == payload
    assert value["_type"] == STATEMENT_TYPE
    assert value["predicateType"] == f"urn:artledger:{predicate.kind}:v1"
    assert value["subject"] == [{"digest": {"sha256": subject_of(predicate)}, "name": "subject"}]
    assert {"record_id", "generated_at"} <= set(value["predicate"])
    statement = parse_payload(payload)
    assert statement.predicate == predicate
    assert (statement.kind, statement.record_id) == (predicate.kind, predicate.record_id)
    assert (statement.subject_name, statement.subject_sha256) == ("subject", subject_of(predicate))


_unit = st.floats(0, 1).map(lambda value: decimal_text(value, 6))
_matches = st.lists(
    st.tuples(
        st.sampled_from(Relation),
        _unit,
        _unit,
        st.dictionaries(st.from_regex("[a-z][a-z0-9_-]{0,6}", fullmatch=True), _unit),
    ),
    max_size=MATCHES,
)


@given(_matches, st.sampled_from(Verdict))
def test_built_statements_equal_the_plain_encoding(
    rows: list[tuple[Relation, str, str, dict[str, str]]], verdict: Verdict
) -> None:
    matches = tuple(
        MatchText.model_validate(match_text(rank, relation, score=score, p_value=p).model_dump() | {"raw": raw})
        for rank, (relation, score, p, raw) in enumerate(rows, 1)
    )
    predicate = verification(matches, verdict)
    payload = payload_of(predicate)
    plain: dict[str, Any] = {
        "_type": STATEMENT_TYPE,
        "predicate": predicate.model_dump(mode="json"),
        "predicateType": "urn:artledger:verification:v1",
        "subject": [{"name": "subject", "digest": {"sha256": subject_of(predicate)}}],
    }
    assert payload == rfc8785.dumps(plain)
    assert parse_payload(payload).predicate == predicate


@by_kind
def test_unknown_missing_and_mistyped_fields_are_refused(predicate: Predicate) -> None:
    value = json.loads(payload_of(predicate))
    fields: dict[str, Any] = value["predicate"]
    for broken in (
        fields | {"note": "x"},
        *({key: item for key, item in fields.items() if key != gone} for gone in fields),
        *(fields | {name: 1.5} for name in ("record_id",)),
        *(fields | {name: [[]]} for name in fields),
    ):
        data = json.dumps(value | {"predicate": broken}, sort_keys=True, separators=(",", ":")).encode()
        with pytest.raises(VerificationError) as caught:
            parse_payload(data)
        assert caught.value.code == "statement-schema"
        assert predicate.kind in caught.value.message


SAMPLE = payload_of(verification())


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('{"_type"', '{ "_type"', "not-canonical"),
        ('"artist_reference":null,', "", "statement-schema"),
        ('"n_null":1999', '"n_null":1999.0', "statement-schema"),
        ('"n_null":1999', '"n_null":01999', "statement-schema"),
        ('"n_null":1999', '"n_null":9007199254740992', "statement-schema"),
        ('"n_null":1999', '"n_null":"1999"', "statement-schema"),
        ('"n_null":1999', '"n_null":true', "statement-schema"),
        ('"score":"0.993100"', '"score":"0.99"', "statement-schema"),
        ('"score":"0.993100"', '"score":"0.9931\\u0030\\u0030"', "not-canonical"),
        ('"verdict":"copy"', '"verdict":"stolen"', "statement-schema"),
        ('"relation":"near-duplicate"', '"relation":"trained-on"', "statement-schema"),
        ('"rank":1,', '"rank":3,', "statement-schema"),
        ("T23:59:59.999Z", "T23:59:59.999z", "statement-schema"),
        ('{"copy":"0.9123","fused"', '{"copz":"0.9123","copy":"0.9123","fused"', "not-canonical"),
        ('"verdict":"copy"', '"verdict":"copy","verdict":"copy"', "not-canonical"),
        (":verification:v1", ":verification:v2", "statement-shape"),
        (":verification:v1", ":rumour:v1", "unknown-kind"),
        (":verification:v1", ":registration:v1", "statement-schema"),
        ("in-toto.io/Statement/v1", "in-toto.io/Statement/v0.1", "statement-shape"),
        ('"name":"subject"', '"name":"sub\\"ject"', "statement-shape"),
        ('"name":"subject"', '"name":""', "statement-shape"),
        ('"subject":[', '"subject":[[],', "statement-shape"),
    ],
)
def test_refusals_have_codes(old: str, new: str, code: str) -> None:
    changed = SAMPLE.replace(old.encode(), new.encode(), 1)
    assert changed != SAMPLE
    with pytest.raises(VerificationError) as caught:
        parse_payload(changed)
    assert caught.value.code == code


@given(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255))
def test_no_two_byte_strings_are_the_same_statement(position: int, byte: int) -> None:
    changed = SAMPLE[:position] + bytes([byte]) + SAMPLE[position + 1 :]
    if changed == SAMPLE:
        return
    try:
        parsed = parse_payload(changed)
    except VerificationError:
        return
    assert parsed != parse_payload(SAMPLE)
    assert statement_payload(parsed.subject_name, parsed.subject_sha256, parsed.predicate) == changed


@given(st.binary(max_size=300))
def test_rubbish_is_refused_with_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(VerificationError):
        parse_payload(data)


def test_subject_and_predicate_speak_of_one_thing() -> None:
    for predicate in ALL:
        implied = implied_subject(predicate)
        if implied is None:
            continue
        with pytest.raises(ValueError, match="another subject"):
            statement_payload("subject", sha("other"), predicate)
        with pytest.raises(VerificationError, match="different subjects"):
            parse_payload(
                payload_of(predicate).replace(f'{{"sha256":"{implied}"}}'.encode(), b'{"sha256":"%064d"}' % 0)
            )


@pytest.mark.parametrize(("name", "digest"), [("", sha("x")), ("é", sha("x")), ("a" * 201, sha("x")), ("a", "A" * 64)])
def test_subjects_are_plain(name: str, digest: str) -> None:
    with pytest.raises(ValueError, match="not a subject"):
        statement_payload(name, digest, ALL[1])


@pytest.mark.parametrize(
    ("kind", "changes", "words"),
    [
        ("key", {"event": "rotated"}, "replaces"),
        ("key", {"replaces": sha("k")}, "replaces"),
        ("key", {"event": "rotated", "replaces": SIGNER.keyid}, "replace itself"),
        ("key", {"public_key": "00" * 32}, "small order"),
        ("model", {"manifest_status": "undisclosed"}, "manifest"),
        ("model", {"manifest": None}, "manifest"),
        ("registration", {"allowed_uses": ["match", "match"]}, "twice"),
        ("asset", {"refs": []}, "at least 1"),
        ("generation", {"policy": None}, "names the policy"),
        ("generation", {"origin_of_image": "reported"}, "names the policy"),
        ("generation", {"origin_of_image": "reported", "policy": None}, "its guard is allow"),
    ],
)
def test_rules_between_fields(kind: str, changes: dict[str, Any], words: str) -> None:
    predicate = next(each for each in ALL if each.kind == kind)
    with pytest.raises(VerificationError, match=words):
        parse_payload(edited(predicate, **changes))


def test_refs_of_every_kind_are_those_in_the_json() -> None:
    def found(value: Any) -> list[Ref]:
        if isinstance(value, dict):
            if set(value) == {"leaf_hash", "record_id"}:
                return [Ref(**value)]
            return [ref for item in value.values() for ref in found(item)]
        return [ref for item in value for ref in found(item)] if isinstance(value, list) else []

    for predicate in ALL:
        refs = found(predicate.model_dump(mode="json"))
        assert sorted(refs_of(predicate), key=repr) == sorted(refs, key=repr)


def test_a_record_with_many_matches_fits_a_leaf() -> None:
    """As many as there may be, each of them registered by as many as are named."""
    members = tuple(MemberText(artist_id=uid(number), work_id=uid(5000 + number)) for number in range(301, 333))
    predicate = verification(tuple(match_text(rank, members=members) for rank in range(1, MATCHES + 1)))
    assert len(dsse.sign(payload_of(predicate), [SIGNER])) < dsse.MAX_LEAF_BYTES


def test_ids_in_samples_are_real() -> None:
    assert all(predicate.record_id > uid(0) for predicate in ALL)
