"""Works that artists register themselves: one at a time with details, or a whole folder.

If the artist has a key on the log, the artist signs the registration, and the service adds its own signature. The
statement holds a fingerprint that the service computes. So the service prepares the statement, the artist signs it, and
sends it with the picture again. Nothing is stored in between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from ledger.answers.corpus import IngestSummary
from ledger.answers.drafts import PreparedWork
from ledger.answers.file_terms import file_term_answer
from ledger.answers.works import RegisteredWork
from ledger.corpus.credit import read_terms
from ledger.corpus.file_terms.narrowing import file_terms_of, narrowed
from ledger.corpus.labels import UNSTATED_USES
from ledger.corpus.sources.upload import upload_source
from ledger.corpus.work import AllowedUse, Artist, Source, SourceItem
from ledger.errors import ConflictError, InputError, NotFoundError
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.flows.people.principal import Principal
from ledger.flows.progress import Progress, silent
from ledger.flows.records.cosigned import Cosigning
from ledger.flows.records.log_keys import LogKeys
from ledger.flows.records.records import Records
from ledger.flows.works.catalogue import Catalogue
from ledger.flows.works.contest_limit import ContestLimit
from ledger.flows.works.duplicates import Deduplication
from ledger.flows.works.ingest import Ingestion, Registrant
from ledger.flows.works.registrable import RegistrableWork, opted_out, registrable_work
from ledger.image.pool import DecodePool
from ledger.log.append import Submission
from ledger.log.entry import Alongside, Appended
from ledger.record import dsse
from ledger.record.commitment import commitment_digest
from ledger.record.ids import parse_id
from ledger.record.keys import Signer
from ledger.record.predicates import Registration
from ledger.record.statement import parse_payload
from ledger.storage.log.preconditions import all_of, unless_registered
from ledger.storage.works.corpus import CorpusStore
from ledger.storage.works.opt_outs import KnownOptOuts, OptOutsChangedError, OptOutStore
from ledger.text import clean_text

MAX_WAIT = 30.0
"""Seconds to wait for the log."""


@dataclass(frozen=True, slots=True)
class WorkDetails:
    """What an artist says about a work, as it was sent."""

    title: str = ""
    licence: str = ""
    """An SPDX expression; empty where `terms` are stated, or nothing is."""
    terms: str = ""
    allowed_uses: tuple[AllowedUse, ...] = UNSTATED_USES
    credit_line: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class SignedWork:
    """A PreparedWork that the artist signed."""

    envelope: bytes
    """A DSSE envelope with the artist's signature alone."""
    metadata_key: bytes


@dataclass(frozen=True, slots=True)
class Registering:
    """Threads may share it. The one who registers is the artist, or the person at this machine."""

    images: DecodePool
    fingerprinter: Fingerprinter
    corpus: CorpusStore
    opt_outs: OptOutStore
    keys: LogKeys
    cosigning: Cosigning
    ingestion: Ingestion
    records: Records
    catalogue: Catalogue
    contest_limit: ContestLimit
    duplicates: Callable[[], Deduplication]
    """Searches the corpus for copies of new works, so that contested works are known. Made when it is needed."""

    def prepare(self, data: bytes, details: WorkDetails, artist_id: str, principal: Principal) -> PreparedWork:
        """Prepares a registration for the artist to sign.

        Raises InputError for pictures and details that cannot be used (`licence`, `bad-link`, `bad-terms`, ...),
        AccessError (`wrong-account`), NotFoundError (`artist-not-found`), ConflictError (`opted-out`,
        `already-registered`), PushbackError (`too-many-contested`).
        """
        artist = self._artist(artist_id, principal)
        work = self._work_of(data, details, artist)
        earlier = self._registered_already(work)
        if earlier is not None:
            raise ConflictError(
                f"{artist_id} has already registered these bytes, as work {earlier}",
                code="already-registered",
                hint="Change the terms of that work, or withdraw it first.",
            )
        self._require_not_opted_out(work)
        self.contest_limit.require(work.image, artist_id, principal)
        submission, row = work.submission, work.row
        return PreparedWork(
            payload=submission.payload,
            work_id=row.work_id,
            record_id=submission.record_id,
            metadata=dict(row.metadata),
            metadata_key=row.metadata_key,
            file_terms=tuple(map(file_term_answer, row.file_terms)),
        )

    def register(self, data: bytes, details: WorkDetails, artist_id: str, principal: Principal) -> RegisteredWork:
        """Registers a work with the service's signature alone. For bytes that the artist registered before, returns
        that record. Raises otherwise as `prepare` does; and InputError (`signature-required`)."""
        artist = self._artist(artist_id, principal)
        self.keys.require_signature("artist", artist_id)
        work = self._work_of(data, details, artist)
        earlier = self._registered_already(work)
        if earlier is not None:
            return self._existing(earlier)
        self.contest_limit.require(work.image, artist_id, principal)
        submission = work.submission
        return self._answer(
            self._append_unless_opted_out(
                work,
                lambda alongside: self.ingestion.sequencer.submit(
                    submission.record_id, submission.payload, self._dedup_key(work), alongside
                ).result(MAX_WAIT),
            )
        )

    def submit(
        self, data: bytes, details: WorkDetails, brought: SignedWork, artist_id: str, principal: Principal
    ) -> RegisteredWork:
        """Appends a prepared registration that the artist signed. Submitting the same again gives its record.

        Raises as `register` and Cosigning.accept do, and InputError (`statement-mismatch`) where the statement is not
        about this picture and these details, ConflictError (`work-id-taken`).
        """
        artist = self._artist(artist_id, principal)
        signed = self.cosigning.accept(brought.envelope, principal, kinds=("registration",), holder_id=artist_id)
        stated = signed.statement.predicate
        assert isinstance(stated, Registration)  # noqa: S101 - the one kind that is taken
        work = self._work_of(data, details, artist)
        _require_same(signed.payload, brought.metadata_key, work)
        taken = ConflictError(f"there is a work {stated.work_id} already", code="work-id-taken")
        if self.records.entries.get(stated.record_id) is None:
            earlier = self._registered_already(work)
            if earlier is not None:
                return self._existing(earlier)
            if self.corpus.works([stated.work_id]):
                raise taken
            self.contest_limit.require(work.image, artist_id, principal)
        row = replace(work.row, work_id=stated.work_id, metadata_key=brought.metadata_key)
        work = replace(work, submission=Submission(stated.record_id, signed.payload), row=row)

        def append(alongside: Alongside) -> Appended:
            checked = all_of(unless_registered(stated.work_id, taken), alongside)
            return self.cosigning.append(signed, dedup_key=self._dedup_key(work), alongside=checked)

        return self._answer(self._append_unless_opted_out(work, append))

    def sign_and_submit(
        self, data: bytes, details: WorkDetails, artist_id: str, principal: Principal, signer: Signer
    ) -> RegisteredWork:
        """Prepares, signs and submits, where the artist's key is available. Raises as `prepare` and `submit` do."""
        prepared = self.prepare(data, details, artist_id, principal)
        signed = SignedWork(dsse.sign(prepared.payload, [signer]), prepared.metadata_key)
        return self.submit(data, details, signed, artist_id, principal)

    def ingest(
        self,
        source: Source,
        artist_id: str,
        principal: Principal,
        signer: Signer | None = None,
        progress: Progress = silent,
        *,
        update_terms: bool = False,
    ) -> IngestSummary:
        """Registers a whole source as works of one artist, then searches for copies by others of all that were not
        compared yet. After an interruption, the next run goes on with both.

        Raises as `Ingestion.run`, AccessError, NotFoundError, InputError (`signature-required`), VerificationError
        (`unknown-key`, `signer-revoked`) for a key that is not valid.
        """
        self._artist(artist_id, principal)
        if signer is None:
            self.keys.require_signature("artist", artist_id)
        else:
            self.cosigning.require_key_of(signer.keyid, "artist", artist_id)

        def sign(payload: bytes) -> tuple[dsse.Signature, ...]:
            return () if signer is None else (dsse.Signature(signer.keyid, signer.sign(dsse.pae(payload))),)

        registrant = Registrant(artist_id, sign)
        summary = self.ingestion.run(source, progress, registrant=registrant, update_terms=update_terms)
        duplicates = self.duplicates()
        todo = duplicates.store.uncompared(artist_id)
        duplicates.compare(todo, progress)
        contested = self.corpus.contests({*summary.registered_ids, *todo})
        return summary.model_copy(update={"contested": tuple(contested)})

    def artist(self, artist_id: str, principal: Principal) -> Artist:
        """The artist who registers. Raises AccessError (`wrong-account`), NotFoundError (`artist-not-found`)."""
        return self._artist(artist_id, principal)

    def _artist(self, artist_id: str, principal: Principal) -> Artist:
        principal.require_account(parse_id(artist_id))
        artist = self.corpus.artist(artist_id)
        if artist is None or not artist.name:
            raise NotFoundError(
                f"there is no artist {artist_id}",
                code="artist-not-found",
                hint="Make an account with the role artist: artledger artist register NAME",
            )
        return artist

    def _work_of(self, data: bytes, details: WorkDetails, artist: Artist) -> RegistrableWork:
        image = self.images.decode(data, second=True)
        licence, credit = read_terms(details.licence, details.credit_line, details.link, details.terms)
        earlier = self.corpus.count_of(image.sha256, artist.artist_id)
        item = SourceItem(
            key=f"{image.sha256}:{earlier}",
            title=clean_text(details.title),
            artist=artist.name,
            licence=licence,
            source="",
            allowed_uses=details.allowed_uses,
            credit=credit,
        )
        item = narrowed(item, file_terms_of(self.images, data))
        [fingerprint], [second] = (
            self.fingerprinter.works([image], hands=True),
            self.fingerprinter.second_views([image]),
        )
        source, origin = upload_source(artist.artist_id), self.ingestion.sequencer.origin
        work = registrable_work(source, item, artist.artist_id, image, (fingerprint, second), origin=origin)
        return replace(work, row=replace(work.row, uncompared=True))

    def _registered_already(self, work: RegistrableWork) -> str | None:
        """The work that the artist registered from these bytes and has not withdrawn."""
        return self.corpus.standing_work(work.image.sha256, work.row.artist_id)

    def _dedup_key(self, work: RegistrableWork) -> bytes:
        """Identifies the same bytes by the same artist, so that they make one work; after a withdrawal, a new one."""
        parts = ("artledger/registration/v1", work.row.artist_id, work.row.source_key, "")
        return hashlib.sha256("\n".join(parts).encode()).digest()

    def _require_not_opted_out(self, work: RegistrableWork) -> KnownOptOuts:
        listed = self.opt_outs.current()
        why = opted_out(listed, work)
        if why is not None:
            raise ConflictError(
                f"the picture cannot be registered: {why}",
                code="opted-out",
                hint="The administrator of this service can take it off the list.",
            )
        return listed

    def _append_unless_opted_out(self, work: RegistrableWork, append: Callable[[Alongside], Appended]) -> Appended:
        """Appends, unless the picture is on the opt-out list at that moment."""
        while True:
            try:
                return append(self.ingestion.alongside([work], self._require_not_opted_out(work)))
            except OptOutsChangedError:
                continue

    def _answer(self, appended: Appended) -> RegisteredWork:
        predicate = appended.entry.statement.predicate
        assert isinstance(predicate, Registration)  # noqa: S101 - what was appended
        if not appended.repeated:
            self.duplicates().compare([predicate.work_id])
        record = self.records.answer(appended.entry, repeated=appended.repeated)
        return RegisteredWork(record=record, work=self.catalogue.work(predicate.work_id))

    def _existing(self, work_id: str) -> RegisteredWork:
        work = self.catalogue.work(work_id)
        entry = self.records.entry(work.registration_record_id)
        return RegisteredWork(record=self.records.answer(entry, repeated=True), work=work)


def _require_same(payload: bytes, metadata_key: bytes, work: RegistrableWork) -> None:
    """Checks that the signed statement is what would be stated here now, apart from its ids and time."""
    signed, here = parse_payload(payload), parse_payload(work.submission.payload)
    stated, expected = signed.predicate, here.predicate
    assert isinstance(stated, Registration)  # noqa: S101 - the caller looked
    own = {name: getattr(stated, name) for name in ("generated_at", "metadata", "record_id", "work_id")}
    same = (signed.subject_name, signed.subject_sha256) == (here.subject_name, here.subject_sha256)
    if not same or expected.model_copy(update=own) != stated:
        raise InputError(
            "the signed statement is not about this picture under these terms",
            code="statement-mismatch",
            hint="Prepare it again (?prepare=true), and send the same picture and details with the signature.",
        )
    if commitment_digest(metadata_key, dict(work.row.metadata)) != stated.metadata:
        raise InputError(
            "title, credit line or link differ from what the signed statement commits to",
            code="statement-mismatch",
            hint="Send the details and the metadata_key that the statement was prepared with.",
        )
