"""Collecting what bears on a claim: the picture's own verification, registrations, generations, models, credentials."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ledger.answers.records import ListedDigest
from ledger.claim.case import Case, Exhibit, Finding, Listing
from ledger.claim.pictures import CONTAINS, SHOWS, WHOLE, Region, is_copy
from ledger.claim.registry import CLAIM_TYPES
from ledger.claim.rules import ClaimRules
from ledger.flows.claims.registered_hashes import RegisteredHashes
from ledger.flows.claims.rivals import Rivals
from ledger.flows.pictures.credentials import Credentials
from ledger.flows.pictures.recognise import GeneratedPictures
from ledger.flows.pictures.verify import MAX_WAIT, Examined, Verification
from ledger.flows.records.models import Models
from ledger.flows.records.records import Records
from ledger.flows.upkeep.calibrate import Published
from ledger.log.entry import Entry
from ledger.match.alignable import alignable
from ledger.match.alike import hashes_alike
from ledger.match.candidate import Query
from ledger.record import dsse, predicates
from ledger.record.parts import Ref, RegionText
from ledger.record.predicates import Asset, Claim, Generation, ModelRecord, Registration
from ledger.record.statement import Statement, parse_payload, statement_payload

MOST = 50
"""Records of one kind about one picture that are looked at, the earliest first."""
MAX_EXHIBITS = 60
"""Records that one verdict may rest on, the picture's own beside: a statement has room for no more than 256 references,
and each record may give three findings. Those that bear on the claim most come first."""
_REGISTRATIONS = 35
"""Of them at most, so that generations have room."""
SAYS = "says-generated"
NOT_ALIGNABLE = "not-alignable"
_SAME_PICTURE = frozenset({"same-file", "same-pixels", "similar"})


@dataclass(frozen=True, slots=True)
class Compared:
    """A claimed picture, compared, of which nothing is on the log yet."""

    data: bytes
    examined: Examined
    calibrated: Published


@dataclass(frozen=True, slots=True)
class Looked:
    """A claimed picture, just looked at."""

    exhibit: Exhibit
    """Its `verification`."""
    query: Query
    calibrated: Published
    says_generated: bool
    """Whether intact Content Credentials in the file say so."""
    named_record: str | None
    """The generation of this log that they name, where its picture is this one."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the last verdict rested on, for a claim whose picture is not at hand any more."""

    picture: Exhibit | None = None
    """Its `verification`."""
    measured: tuple[Mapping[str, Any], ...] = ()
    considered: tuple[str, ...] = ()
    """Record ids of everything that the verdict names: some of it only the picture led to."""


NOTHING_KNOWN = Known()


@dataclass(frozen=True, slots=True)
class Gathered:
    """A case with what goes beside its verdict."""

    case: Case
    proofs: Mapping[tuple[str, str], tuple[ListedDigest, ...]]
    """By model record id and file digest: what the case's listings rest on."""
    measured: tuple[Mapping[str, Any], ...] = ()
    """`finding`, `record_id`, `evidence`: what was seen in the pictures."""


@dataclass(slots=True)
class _Exhibits:
    """Exhibits by record id, as many as a verdict may rest on."""

    found: dict[str, Exhibit] = field(default_factory=dict)

    def add(self, entries: Iterable[Entry], most: int = MAX_EXHIBITS) -> None:
        """`most`: how many there may be afterwards."""
        for entry in entries:
            if len(self.found) >= most:
                return
            if entry.record_id not in self.found:
                self.found[entry.record_id] = exhibit_of(entry)


def exhibit_of(entry: Entry) -> Exhibit:
    """A record of our own log."""
    statement = parse_payload(dsse.parse(entry.envelope).payload)
    return Exhibit(statement, ref_of(entry), entry.leaf_index)


def ref_of(entry: Entry) -> Ref:
    return Ref(leaf_hash=entry.leaf_hash.hex(), record_id=entry.record_id)


@dataclass(frozen=True, slots=True)
class ClaimEvidence:
    """Threads may share it."""

    verification: Callable[[], Verification]
    records: Records
    registered: RegisteredHashes
    seen: GeneratedPictures
    models: Models
    credentials: Credentials
    rivals: Rivals
    rules: ClaimRules

    def look(self, data: bytes) -> Looked:
        """`examine` and `record`. Raises as they do."""
        return self.record(self.examine(data))

    def examine(self, data: bytes) -> Compared:
        """Decodes and compares a claimed picture; nothing is appended.

        Raises InputError for bytes that are no usable picture.
        """
        flow = self.verification()
        image, calibrated = flow.images.decode(data), flow.calibrations.current()
        return Compared(data, flow.compare(image, calibrated), calibrated)

    def record(self, compared: Compared) -> Looked:
        """Puts a `verification` of its own on the log. Raises PushbackError when nothing can be appended now."""
        data, examined, calibrated = compared.data, compared.examined, compared.calibrated
        image, predicate = examined.image, examined.predicate
        # Another's record of the same question may hold one match only: what it was asked for.
        question = (
            "artledger/claim-verification/v1", image.sha256, str(predicate.corpus.through), calibrated.calibration.spec,
            calibrated.digest,
        )  # fmt: skip
        entry = self.verification().sequencer.submit(
            predicate.record_id,
            statement_payload("image", image.sha256, predicate),
            hashlib.sha256("\n".join(question).encode()).digest(),
        ).result(MAX_WAIT).entry  # fmt: skip
        found = self.credentials.find(data, image.media_type)
        report = None if found is None else self.credentials.report(found, predicate)
        intact = report is not None and report.state != "invalid" and not report.from_ingredient
        source = "" if report is None else report.digital_source_type or ""
        named = None if report is None or report.record is None else report.record
        return Looked(
            exhibit=exhibit_of(entry),
            query=examined.query,
            calibrated=calibrated,
            says_generated=intact and source.rpartition("/")[2].lower().endswith("trainedalgorithmicmedia"),
            named_record=named.record_id if named is not None and named.picture in _SAME_PICTURE else None,
        )

    def gather(
        self,
        claim: Claim,
        subject_sha256: str,
        looked: Looked | None,
        known: Known = NOTHING_KNOWN,
    ) -> Gathered:
        """Everything on the log that bears on a claim now.

        Without the picture at hand, what the last verdict rested on stays, and what was registered, made or disclosed
        since is compared with the picture's records by digests and hashes.
        """
        picture = known.picture if looked is None else looked.exhibit
        exhibits = _Exhibits()
        exhibits.add(self._registrations(claim, subject_sha256, picture), _REGISTRATIONS)
        measured = list(known.measured) if looked is None and picture is not None else []
        if picture is not None:
            exhibits.add(self._made(subject_sha256, picture, looked))
            exhibits.add(self._considered(known) if looked is None else ())
            if looked is not None:
                measured += self._measured(picture, looked, exhibits)
        if CLAIM_TYPES[claim.claim_type].contested_by != "no-work":
            contesting = [each for each in self._contesting(claim, looked, exhibits) if each not in measured]
            exhibits.add(self._entry(each["record_id"]) for each in contesting)
            measured += contesting
        exhibits.add(self._models_of(claim, exhibits.found.values()))
        found = tuple(sorted(exhibits.found.values(), key=lambda each: each.leaf_index))
        proofs = self.proofs(claim, subject_sha256, found)
        listings = tuple(
            Listing(record_id, sha256, any(each.sha256 == sha256 for each in proof))
            for (record_id, sha256), proof in proofs.items()
        )
        says = {} if picture is None else dict.fromkeys((SAYS, NOT_ALIGNABLE), picture.ref)
        measured = [each for each in measured if each["finding"] in says or each["record_id"] in exhibits.found]
        findings = tuple(
            Finding.of(each["finding"], says.get(each["finding"]) or exhibits.found[each["record_id"]].ref)
            for each in measured
        )
        case = Case(claim, subject_sha256, picture, found, listings, findings)
        return Gathered(case, proofs, tuple(measured))

    def _considered(self, known: Known) -> Iterator[Entry]:
        for entry in map(self._entry, known.considered):
            if isinstance(_statement(entry).predicate, Registration | Generation | Asset | ModelRecord):
                yield entry

    def _registrations(self, claim: Claim, subject_sha256: str, picture: Exhibit | None) -> Iterator[Entry]:
        """Of the works named, of those that the picture was matched with, and of whatever has the same digests."""
        works = set(claim.works)
        digests = {subject_sha256}
        verification = None if picture is None else picture.statement.predicate
        if isinstance(verification, predicates.Verification):
            works |= {
                work_id for match in verification.matches if is_copy(verification, match) for work_id in match.works
            }
            digests.add(verification.image.pixel_sha256)
        for work in self.records.works.works(works).values():
            if work.work_id in claim.works:
                digests |= {work.sha256, work.pixel_sha256}
            yield self._entry(work.registration_record_id)
        for digest in sorted(digests):
            yield from self._first("registration", digest)
        if isinstance(verification, predicates.Verification):
            yield from islice(self._alike_since(verification), MOST)

    def _alike_since(self, picture: predicates.Verification) -> Iterator[Entry]:
        """What was registered since the picture was compared with all works."""
        measures, look = self.rules.measures, picture.fingerprint
        for entry in self.registered.near(look.phash, measures.phash_bits, picture.corpus.through):
            work = exhibit_of(entry).statement.predicate
            if isinstance(work, Registration) and hashes_alike(work.fingerprint, look, measures):
                yield entry

    def _made(self, subject_sha256: str, picture: Exhibit, looked: Looked | None) -> Iterator[Entry]:
        """Generations of these pixels, the files that were handed out with these bytes, and what credentials name."""
        verification = picture.statement.predicate
        assert isinstance(verification, predicates.Verification)  # noqa: S101
        yield from self._first("generation", verification.image.pixel_sha256)
        for entry in self._first("asset", subject_sha256):
            asset = exhibit_of(entry).statement.predicate
            assert isinstance(asset, Asset)  # noqa: S101 - found by its kind
            yield entry
            yield from (self._entry(ref.record_id) for ref in asset.refs)
        if looked is not None and looked.named_record is not None:
            entry = self._entry(looked.named_record)
            if isinstance(exhibit_of(entry).statement.predicate, Generation):
                yield entry

    def _measured(self, picture: Exhibit, looked: Looked, exhibits: _Exhibits) -> Iterator[dict[str, Any]]:
        """What only the pictures show: generated ones that the claimed one is an edited copy of, and credentials."""
        for similar in self.seen.find(looked.query, list(exhibits.found)):
            exhibits.add([self._entry(similar.record.record_id)])
            # A pHash alone, which is all that some are found by, is no evidence against anybody.
            exhibit = exhibits.found.get(similar.record.record_id)
            if exhibit is not None and similar.evidence is not None and not self._told_by_hashes(picture, exhibit):
                region = Region.of(RegionText.model_validate(similar.evidence["query_region"]))
                whole = region.covers(WHOLE, self.rules.measures.least_cover)
                yield {
                    "evidence": dict(similar.evidence),
                    "finding": SHOWS if whole else CONTAINS,
                    "record_id": similar.record.record_id,
                }
        if looked.says_generated:
            yield {"evidence": None, "finding": SAYS, "record_id": picture.ref.record_id}
        if not alignable(looked.query.working, looked.calibrated.calibration.geometry):
            yield {"evidence": None, "finding": NOT_ALIGNABLE, "record_id": picture.ref.record_id}

    def _contesting(self, claim: Claim, looked: Looked | None, exhibits: _Exhibits) -> list[dict[str, Any]]:
        """Works of others that contest what the claimant registered of this picture, as far as comparing tells it."""
        own = [
            work.work_id for work in (each.statement.predicate for each in exhibits.found.values())
            if isinstance(work, Registration) and work.artist_id == claim.claimant_id
        ]  # fmt: skip
        found = self.rivals.copies(own)
        if looked is not None:
            picture = looked.exhibit.statement.predicate
            assert isinstance(picture, predicates.Verification)  # noqa: S101
            found += self.rivals.shown(claim, own, picture, query=looked.query, calibrated=looked.calibrated)
        return found

    def _told_by_hashes(self, picture: Exhibit, generated: Exhibit) -> bool:
        one, other = picture.statement.predicate, generated.statement.predicate
        assert isinstance(one, predicates.Verification)  # noqa: S101
        return isinstance(other, Generation) and hashes_alike(one.fingerprint, other.fingerprint, self.rules.measures)

    def _models_of(self, claim: Claim, exhibits: Iterable[Exhibit]) -> list[Entry]:
        """Of the model that the claim is about, every record; of generations, the one that each names."""
        entries = [] if claim.model is None else self.models.records(claim.model.model_id)
        refs = {
            ref.record_id for each in exhibits if isinstance(each.statement.predicate, Generation)
            for ref in each.statement.predicate.refs
        }  # fmt: skip
        named = [self._entry(record_id) for record_id in sorted(refs)]
        return [*entries, *(each for each in named if isinstance(_statement(each).predicate, ModelRecord))]

    def proofs(
        self, claim: Claim, subject_sha256: str, exhibits: Iterable[Exhibit]
    ) -> dict[tuple[str, str], tuple[ListedDigest, ...]]:
        """Whether disclosed manifests have the works named, or what the claimant registered, or the file itself."""
        exhibits = list(exhibits)
        own = {
            each.statement.subject_sha256
            for each in exhibits
            if isinstance(each.statement.predicate, Registration)
            and each.statement.predicate.artist_id == claim.claimant_id
        }
        proofs = {}
        for exhibit in exhibits:
            model = exhibit.statement.predicate
            if isinstance(model, ModelRecord) and model.manifest is not None:
                for sha256 in sorted(own | {subject_sha256}):
                    proofs[exhibit.ref.record_id, sha256] = self.models.proof(model, sha256)
        return proofs

    def _entry(self, record_id: str) -> Entry:
        return self.records.entry(record_id)

    def _first(self, kind: str, sha256: str) -> list[Entry]:
        """The first records of a file or picture: a hundred more of the same would change nothing."""
        return self.records.store.find(kind=kind, sha256=sha256, limit=MOST)


def _statement(entry: Entry) -> Statement:
    return parse_payload(dsse.parse(entry.envelope).payload)
