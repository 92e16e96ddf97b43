"""Content Credentials in an uploaded picture: what they say, and whether the record that they name is about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ledger.answers.pictures import CredentialsReport, NamedRecord, PictureRelation
from ledger.errors import InputError
from ledger.flows.records.records import Records
from ledger.image.credentials.content import Assertion, FoundCredentials, State
from ledger.image.credentials.read import read_credentials
from ledger.image.pool import DecodePool
from ledger.log.entry import Entry
from ledger.match.alike import MIN_PDQ_QUALITY, PDQ_RADIUS, PHASH_RADIUS, bits
from ledger.match.lists import Verdict
from ledger.record.ids import parse_id
from ledger.record.parts import FingerprintDigests
from ledger.record.predicates import Generation, Verification, verified_copies

CONTRADICTS = "artledger.assertion.contradicts-record: the log's record says something else than the credentials do"

STATES: Mapping[State, str] = {
    "valid": "Content Credentials are intact, and the signer ({issuer}) is trusted here.",
    "untrusted": "Content Credentials are intact, but their signer ({issuer}) is nobody that is known here.",
    "expired": "Content Credentials are intact, but the certificate of their signer ({issuer}) had expired or was"
    " revoked, and nothing shows that they were signed before.",
    "partial": "Content Credentials match the parts of this file that they cover. They leave out other parts than the"
    " standard says; those may have been changed. Their signer is {issuer}.",
    "tampered": "The file or its Content Credentials were changed after signing, or the Content Credentials belong to"
    " another file: nobody vouches for what they say.",
    "invalid": "Content Credentials are broken: they are not what the standard says, so nobody vouches for them.",
    "unsupported": "The file has Content Credentials of a kind that is not checked here. That says nothing about the"
    " picture.",
    "remote": "The file has no Content Credentials inside, but names an address where they are: {url}. Nothing was"
    " fetched from there.",
    "unreadable": "The file has Content Credentials that could not be read here. That says nothing about the picture.",
}
_PICTURES: Mapping[PictureRelation, str] = {
    "same-file": "this is the very file that was handed out for it",
    "same-pixels": "its picture is this one, pixel by pixel",
    "similar": "its picture looks like this one",
    "different": "its picture does not look like this one: the credentials are another's, or this is only a part of it",
    "not-comparable": "there is too little in the picture to tell whether it is this one",
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Only reads, and fetches nothing from the network."""

    images: DecodePool
    records: Records
    trusted: Callable[[], str]
    """Root certificates in PEM; called only when there is a manifest."""

    def find(self, data: bytes, media_type: str) -> FoundCredentials | None:
        """What the file itself says; None where it has no manifest, so that nothing is known."""
        return read_credentials(self.images, data, media_type, self.trusted)

    def report(self, found: FoundCredentials, picture: Verification) -> CredentialsReport:
        """Finds the record that the credentials name, if it is on this log, and compares it with the picture."""
        record, contradicts, followed = self._follow(found.assertion, picture)
        state = STATES[found.state].format(issuer=found.issuer or "unnamed", url=found.remote_url)
        return CredentialsReport(
            state=found.state,
            says=f"{state} {followed}".strip(),
            issuer=found.issuer,
            claim_generator=found.claim_generator,
            digital_source_type=found.digital_source_type,
            manifest_sha256=found.manifest_sha256,
            problems=(*found.problems, CONTRADICTS) if contradicts else found.problems,
            assertion=None if found.assertion is None else found.assertion.to_json(),
            from_ingredient=found.from_ingredient,
            record=record,
            remote_url=found.remote_url,
        )

    def _follow(self, assertion: Assertion | None, picture: Verification) -> tuple[NamedRecord | None, bool, str]:
        """The record, whether the assertion contradicts it, and both in words."""
        if assertion is None:
            return None, False, ""
        named = f"They name record {assertion.record_id}"
        if assertion.origin != self.records.entries.origin():
            return None, False, f"{named} of another log ({assertion.origin})."
        entry = self._entry(assertion.record_id)
        predicate = None if entry is None else entry.statement.predicate
        if entry is None or not isinstance(predicate, Generation | Verification):
            return None, False, f"{named}, but this log has no such record of a picture."
        relation = self._relation(predicate, picture)
        answer = self.records.answer(entry)
        record = NamedRecord(
            record_id=answer.record_id,
            kind=answer.kind,
            reference=answer.reference,
            picture=relation,
            links=answer.links,
        )
        return record, _contradicts(assertion, predicate), f"{named}: {_PICTURES[relation]}."

    def _entry(self, record_id: str) -> Entry | None:
        try:
            return self.records.entries.get(parse_id(record_id))
        except InputError:
            return None

    def _relation(self, recorded: Generation | Verification, picture: Verification) -> PictureRelation:
        """How the recorded picture relates to this one: by digests first, then by the hashes in both statements."""
        if recorded.image.sha256 == picture.image.sha256 or self._handed_out(recorded.record_id, picture.image.sha256):
            return "same-file"
        if recorded.image.pixel_sha256 == picture.image.pixel_sha256:
            return "same-pixels"
        if Verdict.NOT_COMPARABLE in (recorded.verdict, picture.verdict):
            return "not-comparable"
        return "similar" if _alike(recorded.fingerprint, picture.fingerprint) else "different"

    def _handed_out(self, record_id: str, sha256: str) -> bool:
        """Whether an `asset` record says that the file with this digest belongs to that generation."""
        assets = self.records.page(sha256=sha256, kind="asset").records
        return any(ref["record_id"] == record_id for each in assets for ref in each.statement["predicate"]["refs"])


def _alike(one: FingerprintDigests, other: FingerprintDigests) -> bool:
    """Near by either hash, unlike `ledger.match.alike`: only the picture named is compared, not all pictures."""
    usable = min(one.pdq_quality, other.pdq_quality) >= MIN_PDQ_QUALITY
    return bits(one.phash, other.phash) <= PHASH_RADIUS or (usable and bits(one.pdq, other.pdq) <= PDQ_RADIUS)


def _contradicts(assertion: Assertion, recorded: Generation | Verification) -> bool:
    told = [(each.work_id, each.relation, each.score, each.p_value) for each in assertion.copies]
    copies = [(each.work_id, each.relation.value, each.score, each.p_value) for each in verified_copies(recorded)]
    return assertion.verdict != recorded.verdict.value or told != copies[: len(told)]
