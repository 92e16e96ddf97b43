from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ledger.audit.entries import EntryChecker, examine
from ledger.errors import VerificationError
from ledger.log.merkle import leaf_hash
from ledger.record.keys import Signer
from ledger.record.parts import Ref
from ledger.record.predicates import Consent, KeyRecord
from tests.audit.material import leaf_of
from tests.record.samples import ORIGIN, OTHER, SIGNER, TIME, key_record, ref, registration, uid

THIRD = Signer.from_seed(bytes([3]) * 32)
FOURTH = Signer.from_seed(bytes([4]) * 32)
ARTIST = uid(301)
"""Whose the registrations are."""


def key(signer: Signer, number: int, **changes: Any) -> KeyRecord:
    return KeyRecord.model_validate(key_record(signer, number).model_dump() | changes)


def consent(number: int, *refs: Ref, work: int = 10) -> Consent:
    """New terms for the work of `registration(work)`."""
    return Consent(
        allowed_uses=("match",), generated_at=TIME, licence="MIT", origin=ORIGIN, record_id=uid(number),
        refs=refs,        work_id=registration(work).work_id,
    )  # fmt: skip


def to(leaf: bytes, number: int) -> Ref:
    return Ref(leaf_hash=leaf_hash(leaf).hex(), record_id=uid(number))


WORK = leaf_of(registration(10))


def replay(entries: Sequence[bytes]) -> EntryChecker:
    """Both ways of replaying must agree: entry by entry, and examined beforehand with the keys known by then."""
    checker = EntryChecker(ORIGIN)
    for index, entry in enumerate(entries):
        checker.check(index, leaf_hash(entry), entry)
    ahead = EntryChecker(ORIGIN)
    examined = [examine(entry, ahead.keys, ORIGIN) for entry in entries]
    for index, (entry, each) in enumerate(zip(entries, examined, strict=True)):
        ahead.admit(index, leaf_hash(entry), entry, each)
    return checker


def refused(entries: Sequence[bytes]) -> tuple[int, str]:
    """The leaf that is named and the code."""
    with pytest.raises(VerificationError) as caught:
        replay(entries)
    return int(caught.value.message.removeprefix("log entry ").partition(":")[0]), caught.value.code


FIRST = leaf_of(key(SIGNER, 1))
ADDED = leaf_of(key(THIRD, 3, role="artist", holder_id=ARTIST), SIGNER, THIRD)
ROTATED = leaf_of(key(OTHER, 2, event="rotated", replaces=SIGNER.keyid), SIGNER, OTHER)
REVOKED = leaf_of(key(SIGNER, 4, event="revoked"), OTHER)


def test_a_log_with_rotation_and_countersignatures() -> None:
    entries = [
        FIRST,
        leaf_of(registration(10)),
        ADDED,
        leaf_of(registration(11), SIGNER, THIRD),
        ROTATED,
        leaf_of(registration(12), OTHER, THIRD),
        leaf_of(registration(13), SIGNER, THIRD),
        REVOKED,
        leaf_of(registration(14), OTHER, THIRD),
    ]
    assert replay(entries).keys.keys() == {SIGNER.keyid, OTHER.keyid, THIRD.keyid}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([leaf_of(registration(10))], (0, "unknown-key")),
        ([leaf_of(key(SIGNER, 1, role="artist"))], (0, "key-record")),
        ([leaf_of(key(SIGNER, 1), SIGNER, OTHER)], (0, "unknown-key")),
        ([leaf_of(key(SIGNER, 1, event="revoked"))], (0, "key-record")),
        ([FIRST, leaf_of(registration(10), OTHER)], (1, "unknown-key")),
        ([FIRST, ADDED, leaf_of(registration(10), THIRD)], (2, "key-not-authorised")),
        ([FIRST, ADDED, leaf_of(registration(10), THIRD, SIGNER)], (2, "key-not-authorised")),
        ([FIRST, leaf_of(key(OTHER, 2))], (1, "key-record")),
        ([FIRST, leaf_of(key(OTHER, 2), OTHER)], (1, "key-not-authorised")),
        ([FIRST, leaf_of(key(OTHER, 2), OTHER, SIGNER)], (1, "key-not-authorised")),
        ([FIRST, leaf_of(key(SIGNER, 2))], (1, "key-record")),
        ([FIRST, ADDED, leaf_of(key(OTHER, 2), THIRD, OTHER)], (2, "key-not-authorised")),
        (
            [FIRST, leaf_of(key(OTHER, 2, event="rotated", replaces=THIRD.keyid), SIGNER, OTHER)],
            (1, "key-record"),
        ),
        (
            [FIRST, leaf_of(key(OTHER, 2, event="rotated", replaces=SIGNER.keyid, role="artist"), SIGNER, OTHER)],
            (1, "key-record"),
        ),
        ([FIRST, leaf_of(key(OTHER, 2, event="revoked"))], (1, "key-record")),
        ([FIRST, ROTATED, REVOKED, leaf_of(registration(10))], (3, "key-revoked")),
        ([FIRST, ROTATED, REVOKED, leaf_of(key(SIGNER, 5), OTHER, SIGNER)], (3, "key-record")),
        ([FIRST, leaf_of(key(SIGNER, 5, event="revoked")), FIRST], (2, "record-id-repeated")),
        (
            [FIRST, leaf_of(key(SIGNER, 5, event="revoked")), leaf_of(key(OTHER, 6), OTHER)],
            (2, "key-not-authorised"),
        ),
        ([FIRST, FIRST], (1, "record-id-repeated")),
        ([FIRST, leaf_of(consent(1))], (1, "record-id-repeated")),
        ([FIRST, b"{}"], (1, "envelope-shape")),
    ],
)
def test_refusals_name_the_leaf(entries: list[bytes], expected: tuple[int, str]) -> None:
    assert refused(entries) == expected


STRANGERS = leaf_of(key(FOURTH, 6, role="artist", holder_id=uid(77)), SIGNER, FOURTH)
AUDITORS = leaf_of(key(FOURTH, 6, role="auditor", holder_id=ARTIST), SIGNER, FOURTH)


def of_artist(signer: Signer, number: int, **changes: Any) -> KeyRecord:
    return key(signer, number, role="artist", holder_id=ARTIST, **changes)


def test_keys_of_an_artist_are_added_rotated_and_revoked() -> None:
    entries = [
        FIRST,
        ADDED,
        leaf_of(of_artist(FOURTH, 7, event="rotated", replaces=THIRD.keyid), SIGNER, THIRD, FOURTH),
        signed := leaf_of(registration(10), SIGNER, THIRD),
        leaf_of(of_artist(THIRD, 8, event="revoked"), SIGNER, FOURTH),
        leaf_of(registration(11), SIGNER, FOURTH),
        leaf_of(consent(14, to(signed, 10)), SIGNER, FOURTH),
        leaf_of(of_artist(FOURTH, 9, event="revoked"), SIGNER),
        leaf_of(registration(12), SIGNER),
        leaf_of(of_artist(OTHER, 13), SIGNER, OTHER),
    ]
    assert len(replay(entries).keys) == 4


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([FIRST, STRANGERS, leaf_of(registration(10), SIGNER, FOURTH)], "wrong-holder"),
        ([FIRST, AUDITORS, leaf_of(registration(10), SIGNER, FOURTH)], "wrong-holder"),
        ([FIRST, AUDITORS, WORK, leaf_of(consent(11, to(WORK, 10)), SIGNER, FOURTH)], "wrong-holder"),
        ([FIRST, STRANGERS, leaf_of(consent(11), SIGNER, FOURTH)], "wrong-holder"),
        ([FIRST, STRANGERS, WORK, leaf_of(consent(11, to(WORK, 10)), SIGNER, FOURTH)], "wrong-holder"),
        ([FIRST, ROTATED, leaf_of(registration(10), SIGNER, OTHER)], "wrong-holder"),
        ([FIRST, ADDED, leaf_of(of_artist(FOURTH, 7), SIGNER, FOURTH)], "key-record"),
        ([FIRST, ADDED, STRANGERS, leaf_of(of_artist(OTHER, 7), SIGNER, FOURTH, OTHER)], "wrong-holder"),
        (
            [FIRST, ADDED, leaf_of(of_artist(FOURTH, 7, event="rotated", replaces=THIRD.keyid), SIGNER, FOURTH)],
            "key-record",
        ),
        ([FIRST, ADDED, leaf_of(key(THIRD, 7, event="revoked"), SIGNER)], "key-record"),
        ([FIRST, ADDED, leaf_of(key(OTHER, 7), SIGNER, OTHER, THIRD)], "wrong-holder"),
        ([FIRST, ADDED, ROTATED, leaf_of(key(SIGNER, 7, event="revoked"), OTHER, THIRD)], "wrong-holder"),
        (
            [
                FIRST,
                ADDED,
                leaf_of(of_artist(THIRD, 7, event="revoked"), SIGNER, THIRD),
                leaf_of(registration(10), SIGNER, THIRD),
            ],
            "key-revoked",
        ),
    ],
)
def test_nobody_signs_in_anothers_name(entries: list[bytes], code: str) -> None:
    assert refused(entries) == (len(entries) - 1, code)


def test_references_point_to_earlier_leaves_with_that_hash() -> None:
    good = to(WORK, 10)
    replay([FIRST, WORK, leaf_of(consent(11, good))])
    assert refused([FIRST, leaf_of(consent(11, good)), WORK]) == (1, "bad-ref")
    assert refused([FIRST, WORK, leaf_of(consent(11, ref(10)))]) == (2, "bad-ref")
    assert refused([FIRST, WORK, leaf_of(consent(11, good, good))]) == (2, "wrong-refs")
    assert refused([FIRST, WORK, leaf_of(consent(11, ref(99)))]) == (2, "bad-ref")


def test_a_statement_made_for_another_log_is_refused() -> None:
    elsewhere = registration(10).model_copy(update={"origin": "log.example/other"})
    assert refused([FIRST, leaf_of(elsewhere)]) == (1, "wrong-origin")


def test_a_wrong_signature_is_found_whenever_the_key_becomes_known() -> None:
    good, other = leaf_of(registration(10), OTHER), leaf_of(registration(11), OTHER)
    forged = good.replace(good[-92:-4], other[-92:-4])
    assert forged != good
    assert examine(forged, {}, ORIGIN).verified is False
    with pytest.raises(VerificationError) as caught:
        examine(forged, {OTHER.keyid: OTHER.public_raw}, ORIGIN)
    assert caught.value.code == "bad-signature"
    checker = EntryChecker(ORIGIN)
    for index, entry in enumerate([FIRST, ROTATED]):
        checker.check(index, leaf_hash(entry), entry)
    with pytest.raises(VerificationError, match="log entry 2") as late:
        checker.admit(2, leaf_hash(forged), forged, examine(forged, {}, ORIGIN))
    assert late.value.code == "bad-signature"
