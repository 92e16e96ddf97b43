"""Credentials that a picture brings along lead to its record, and are not believed beyond it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from ledger.answers.pictures import CredentialsReport
from ledger.answers.records import RecordAnswer
from ledger.app import Application
from ledger.flows.pictures.credentials import CONTRADICTS
from ledger.image.canonical_image import Pixels
from ledger.image.credentials.content import Assertion, CopiedWork
from ledger.image.credentials.write import with_credentials
from ledger.record.ids import new_id
from ledger.record.parts import Ref
from ledger.record.predicates import Asset
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from tests.applications import DRAWINGS, UNKNOWN_ID
from tests.image.credentials.samples import foreign, signer
from tests.image.samples import pixels_of, save, textured


@pytest.fixture(scope="module")
def recorded(application: Application) -> RecordAnswer:
    """The record of a picture."""
    return application.pictures.verify(save(Image.fromarray(picture()), "PNG"))


def picture() -> Pixels:
    return pixels_of(textured(220, 150, 77))


def assertion(application: Application, record: RecordAnswer) -> Assertion:
    assert record.report is not None
    return Assertion(
        origin=application.log.origin,
        record_id=record.record_id,
        model="studio",
        verdict=record.report.verdict,
        copies=tuple(
            CopiedWork(match.work_id, match.title, match.artist, match.relation, match.score, match.p_value)
            for match in record.report.matches
            if match.verified
        ),
        reference=record.reference,
    )


def file(application: Application, told: Assertion, pixels: Pixels, media_type: str = "image/png") -> bytes:
    return with_credentials(pixels, media_type, told, application.pictures.credential_keys.signer()).data


def credentials(application: Application, data: bytes) -> CredentialsReport:
    """What a look-up says of the file, which is what verifying it says."""
    found = application.pictures.look_up(data).credentials
    assert found is not None
    assert application.pictures.verify(data).credentials == found
    assert application.pictures.verify(data).credentials == found, "a repeated question has the same answer"
    return found


@pytest.mark.parametrize(
    ("media_type", "relation"), [("image/png", "same-pixels"), ("image/webp", "same-pixels"), ("image/jpeg", "similar")]
)
def test_our_file_leads_to_its_record(
    application: Application, recorded: RecordAnswer, media_type: str, relation: str
) -> None:
    told = assertion(application, recorded)
    found = credentials(application, file(application, told, picture(), media_type))
    assert (found.state, found.problems, found.issuer) == ("valid", (), f"Artledger {application.log.origin}"[:64])
    assert found.assertion == told.to_json()
    assert found.record is not None
    assert (found.record.record_id, found.record.picture) == (recorded.record_id, relation)
    assert found.record.reference == recorded.reference
    assert recorded.record_id in found.says


def test_the_very_file_that_was_handed_out(application: Application, recorded: RecordAnswer) -> None:
    data = file(application, assertion(application, recorded), picture()[:, ::-1])
    entry = application.store.entries.get(recorded.record_id)
    assert entry is not None
    asset = Asset(
        c2pa_manifest_sha256="0" * 64,
        generated_at=now_text(),
        origin=application.log.origin,
        media_type="image/png",
        record_id=new_id(),
        refs=(Ref(leaf_hash=entry.leaf_hash.hex(), record_id=recorded.record_id),),
    )
    payload = statement_payload("file", hashlib.sha256(data).hexdigest(), asset)
    application.log.sequencer.submit(asset.record_id, payload, hashlib.sha256(payload).digest()).result(60)
    found = credentials(application, data)
    assert found.record is not None
    assert found.record.picture == "same-file"


def test_another_picture_with_the_same_claim_is_said(application: Application, recorded: RecordAnswer) -> None:
    other = pixels_of(textured(220, 150, 78))
    found = credentials(application, file(application, assertion(application, recorded), other))
    assert found.record is not None
    assert (found.state, found.record.picture) == ("valid", "different")
    assert "does not look like this one" in found.says


def test_too_little_to_compare(application: Application, recorded: RecordAnswer) -> None:
    blank = pixels_of(Image.new("RGB", (200, 200), "white"))
    found = credentials(application, file(application, assertion(application, recorded), blank))
    assert found.record is not None
    assert found.record.picture == "not-comparable"


def test_a_pretender_is_untrusted_and_held_against_the_record(application: Application, recorded: RecordAnswer) -> None:
    lie = replace(assertion(application, recorded), verdict="copy", reference="Nothing to see here.")
    data = with_credentials(picture(), "image/png", lie, signer("Pretender")).data
    found = credentials(application, data)
    assert (found.state, found.issuer, found.problems) == ("untrusted", "Pretender", (CONTRADICTS,))
    assert found.record is not None
    assert found.record.reference == recorded.reference
    more = CopiedWork(recorded.record_id, "Star", "Ada", "near-duplicate", "0.9931", "0.0005")
    better = replace(assertion(application, recorded), copies=(more,))
    assert CONTRADICTS in credentials(application, file(application, better, picture())).problems


def test_changed_after_signing(application: Application, recorded: RecordAnswer) -> None:
    data = bytearray(file(application, assertion(application, recorded), picture(), "image/jpeg"))
    data[-40] ^= 1
    found = credentials(application, bytes(data))
    assert found.state == "tampered"
    assert found.says.startswith("The file or its Content Credentials were changed")
    assert found.record is not None


def test_records_that_are_not_here(application: Application, recorded: RecordAnswer) -> None:
    told = assertion(application, recorded)
    elsewhere = credentials(application, file(application, replace(told, origin="other.example/log"), picture()))
    assert (elsewhere.record, elsewhere.state) == (None, "valid")
    assert "another log (other.example/log)" in elsewhere.says
    key_record = next(iter(application.store.entries.read(0, 1))).record_id
    for record_id in (UNKNOWN_ID, "00000000-0000-4000-8000-000000000000", key_record):
        unknown = credentials(application, file(application, replace(told, record_id=record_id), picture()))
        assert unknown.record is None
        assert "no such record" in unknown.says


def test_somebody_elses_credentials(application: Application) -> None:
    found = credentials(application, foreign(DRAWINGS[2].read_bytes(), "image/png"))
    assert (found.state, found.issuer, found.claim_generator) == ("untrusted", "Elsewhere", "Brush 3")
    assert (found.assertion, found.record) == (None, None)


def test_none_is_unknown_and_stripping_leaves_the_rest(application: Application, recorded: RecordAnswer) -> None:
    with Image.open(BytesIO(file(application, assertion(application, recorded), picture()))) as opened:
        stripped = save(opened.convert("RGB"), "PNG")
    found = application.pictures.look_up(stripped)
    assert found.credentials is None
    assert recorded.record_id in [record.record_id for record in found.records]
    assert application.pictures.verify(stripped).credentials is None


def test_nothing_of_it_is_on_the_log(application: Application, recorded: RecordAnswer) -> None:
    answer = application.pictures.verify(file(application, assertion(application, recorded), picture()))
    assert answer.credentials is not None
    kept = application.records.get(answer.record_id)
    assert (kept.credentials, kept.envelope) == (None, answer.envelope)
    assert "credentials" not in kept.statement["predicate"]
