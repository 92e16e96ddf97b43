"""A bundle shows whether its maker signed, where the maker's key is announced."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.audit.checks import Outcome
from ledger.audit.holders import MAKER
from ledger.audit.verifier import (
    audit_bundle,
)
from ledger.errors import InputError
from ledger.record.keys import Signer
from tests.audit.material import (
    ENTRIES,
    LOG_VKEY,
    Log,
    failed,
    leaf_of,
    outcomes,
)
from tests.record.kinds import ALL
from tests.record.samples import OTHER, SIGNER, key_record, registration, uid, verification


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
