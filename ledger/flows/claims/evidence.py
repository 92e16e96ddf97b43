"""Collects the evidence about a claim: registrations, generations, models, and the result of comparing the picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from ledger.claim.case import Case, ClaimFinding, Exhibit
from ledger.claim.measured import CONTAINS_GENERATED, NOT_ALIGNABLE, SAYS_GENERATED, SHOWS_GENERATED
from ledger.claim.pictures import WHOLE, ExactRegion, is_copy
from ledger.claim.registry import CLAIM_TYPES
from ledger.claim.rules import ClaimRules
from ledger.flows.claims.claimed_picture import ClaimedPicture
from ledger.flows.claims.contesting_works import ContestingWorks
from ledger.flows.claims.disclosures import listings_of, manifest_proofs
from ledger.flows.claims.exhibits import Exhibits, Measurement
from ledger.flows.claims.registered_hashes import RegisteredHashes
from ledger.flows.pictures.recognise import GeneratedPictures
from ledger.flows.records.models import Models
from ledger.flows.records.records import Records
from ledger.log.entry import Entry
from ledger.match.alike import hashes_alike
from ledger.match.geometry.alignable import alignable
from ledger.record.predicates import Asset, Claim, Generation, ModelRecord, Registration, Verification

MOST_RECORDS = 50
"""How many records of one kind about one picture are considered, the earliest first."""
MOST_REGISTRATIONS = 35
"""How many registrations one verdict may rest on, so that there is room for generations."""
_OF_THE_PICTURE = (SAYS_GENERATED, NOT_ALIGNABLE)
"""Measured findings about the picture itself. They rest on its `verification`."""


@dataclass(frozen=True, slots=True)
class EarlierEvidence:
    """What the last verdict rested on, for a claim whose picture is no longer available."""

    picture: Exhibit | None = None
    """The picture's `verification`."""
    measured: tuple[Measurement, ...] = ()
    considered: tuple[str, ...] = ()
    """Record ids of everything that the verdict names. Some of it can be found only with the picture."""


NO_EARLIER_EVIDENCE = EarlierEvidence()


@dataclass(frozen=True, slots=True)
class GatheredEvidence:
    """A case, with the measurements that are stored beside its verdict."""

    case: Case
    measured: tuple[Measurement, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimEvidence:
    """Threads may share it."""

    records: Records
    registered: RegisteredHashes
    generated: GeneratedPictures
    models: Models
    contesting: ContestingWorks
    rules: ClaimRules

    def gather(
        self, claim: Claim, subject_sha256: str, sent: ClaimedPicture | None, earlier: EarlierEvidence
    ) -> GatheredEvidence:
        """Everything on the log that is evidence about a claim now. `sent`: the picture, where it is available.

        Without the picture, the evidence of the last verdict stays. What was registered, generated or disclosed since
        is compared with the picture's records by digests and hashes.
        """
        picture = earlier.picture if sent is None else sent.exhibit
        exhibits = Exhibits()
        exhibits.add(self._registrations(claim, subject_sha256, picture), MOST_REGISTRATIONS)
        measured = list(earlier.measured) if sent is None and picture is not None else []
        if picture is not None:
            exhibits.add(self._generations(subject_sha256, picture, sent))
            exhibits.add(self._considered(earlier) if sent is None else ())
            if sent is not None:
                measured += self._measured(sent, exhibits)
        if CLAIM_TYPES[claim.claim_type].contested_by != "no-work":
            contesting = [each for each in self._contesting(claim, sent, exhibits) if each not in measured]
            exhibits.add(self._entry(each["record_id"]) for each in contesting)
            measured += contesting
        exhibits.add(self._models_of(claim, exhibits.found.values()))
        found = tuple(sorted(exhibits.found.values(), key=lambda each: each.leaf_index))
        listings = listings_of(manifest_proofs(self.models, claim, subject_sha256, found))
        own = {} if picture is None else dict.fromkeys(_OF_THE_PICTURE, picture.ref)
        measured = [each for each in measured if each["finding"] in own or each["record_id"] in exhibits.found]
        findings = tuple(
            ClaimFinding.of(each["finding"], own.get(each["finding"]) or exhibits.found[each["record_id"]].ref)
            for each in measured
        )
        return GatheredEvidence(Case(claim, subject_sha256, picture, found, listings, findings), tuple(measured))

    def _considered(self, earlier: EarlierEvidence) -> Iterator[Entry]:
        for entry in map(self._entry, earlier.considered):
            if isinstance(entry.statement.predicate, Registration | Generation | Asset | ModelRecord):
                yield entry

    def _registrations(self, claim: Claim, subject_sha256: str, picture: Exhibit | None) -> Iterator[Entry]:
        """Registrations of the works named, of the works matched with the picture, and of works with the same
        digests."""
        works = set(claim.works)
        digests = {subject_sha256}
        verification = None if picture is None else picture.statement.predicate
        if isinstance(verification, Verification):
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
        if isinstance(verification, Verification):
            yield from islice(self._registered_since(verification), MOST_RECORDS)

    def _registered_since(self, picture: Verification) -> Iterator[Entry]:
        """Works with hashes near the picture's that were registered since it was compared with all works."""
        measures, fingerprint = self.rules.measures, picture.fingerprint
        for entry in self.registered.near(fingerprint.phash, measures.phash_bits, picture.corpus.through):
            work = entry.statement.predicate
            if isinstance(work, Registration) and hashes_alike(work.fingerprint, fingerprint, measures):
                yield entry

    def _generations(self, subject_sha256: str, picture: Exhibit, sent: ClaimedPicture | None) -> Iterator[Entry]:
        """Generations of these pixels, generations whose file has these bytes, and the generation that credentials
        name."""
        verification = picture.statement.predicate
        assert isinstance(verification, Verification)  # noqa: S101
        yield from self._first("generation", verification.image.pixel_sha256)
        for entry in self._first("asset", subject_sha256):
            asset = entry.statement.predicate
            assert isinstance(asset, Asset)  # noqa: S101 - found by its kind
            yield entry
            yield from (self._entry(ref.record_id) for ref in asset.refs)
        if sent is not None and sent.named_record is not None:
            entry = self._entry(sent.named_record)
            if isinstance(entry.statement.predicate, Generation):
                yield entry

    def _measured(self, sent: ClaimedPicture, exhibits: Exhibits) -> Iterator[Measurement]:
        """What only the picture can show: generated pictures that it is an edited copy of, and credentials."""
        for similar in self.generated.find(sent.query, list(exhibits.found)):
            exhibits.add([similar.entry])
            # Some are found by a pHash alone, which is not evidence against anybody.
            exhibit, evidence = exhibits.found.get(similar.entry.record_id), similar.evidence
            if exhibit is not None and evidence is not None and not self._alike(sent.verification, exhibit):
                region = ExactRegion.of(evidence.query_region)
                whole = region.covers(WHOLE, self.rules.measures.least_cover)
                yield {
                    "evidence": evidence.model_dump(mode="json"),
                    "finding": SHOWS_GENERATED if whole else CONTAINS_GENERATED,
                    "record_id": similar.entry.record_id,
                }
        if sent.says_generated:
            yield {"evidence": None, "finding": SAYS_GENERATED, "record_id": sent.exhibit.ref.record_id}
        if not alignable(sent.query.working, sent.calibrated.calibration.geometry):
            yield {"evidence": None, "finding": NOT_ALIGNABLE, "record_id": sent.exhibit.ref.record_id}

    def _alike(self, picture: Verification, generated: Exhibit) -> bool:
        """Whether the hashes in the two records show it already, so that nothing needs to be measured."""
        generation = generated.statement.predicate
        return isinstance(generation, Generation) and hashes_alike(
            picture.fingerprint, generation.fingerprint, self.rules.measures
        )

    def _contesting(self, claim: Claim, sent: ClaimedPicture | None, exhibits: Exhibits) -> list[Measurement]:
        """Works of others that contest what the claimant registered of this picture, as far as comparison shows."""
        own = [
            work.work_id for work in (each.statement.predicate for each in exhibits.found.values())
            if isinstance(work, Registration) and work.artist_id == claim.claimant_id
        ]  # fmt: skip
        found = self.contesting.copies(own)
        return found if sent is None else [*found, *self.contesting.shown(claim, own, sent)]

    def _models_of(self, claim: Claim, exhibits: Iterable[Exhibit]) -> list[Entry]:
        """Every record of the model that the claim is about, and the model record that each generation names."""
        entries = [] if claim.model is None else self.models.records(claim.model.model_id)
        refs = {
            ref.record_id for each in exhibits if isinstance(each.statement.predicate, Generation)
            for ref in each.statement.predicate.refs
        }  # fmt: skip
        named = [self._entry(record_id) for record_id in sorted(refs)]
        return [*entries, *(each for each in named if isinstance(each.statement.predicate, ModelRecord))]

    def _entry(self, record_id: str) -> Entry:
        return self.records.entry(record_id)

    def _first(self, kind: str, sha256: str) -> list[Entry]:
        """The first records of a file or picture. Hundreds of further ones would not change the verdict."""
        return self.records.store.find(kind=kind, sha256=sha256, limit=MOST_RECORDS)
