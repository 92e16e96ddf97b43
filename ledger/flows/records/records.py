"""Records of the log: with names for people, as bundles, and as pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ledger.answers.pictures import Report
from ledger.answers.records import RecordAnswer, RecordPage
from ledger.audit.bundle import Bundle, make_bundle
from ledger.corpus.work import CorpusState, Work
from ledger.errors import InputError, NotFoundError, PushbackError
from ledger.flows.records.likeness_answers import (
    LikenessReport,
    likeness_report,
    reference_of,
    referred,
    speaking,
)
from ledger.flows.records.record_answers import (
    matched_works,
    named_works,
    picture_report,
    record_answer,
    work_names,
)
from ledger.log.checkpoint import SignedCheckpoint, open_checkpoint
from ledger.log.entry import Entry
from ledger.log.objects import ObjectStore
from ledger.log.reader import TileReader, make_receipt
from ledger.log.tiles import CHECKPOINT_PATH
from ledger.log.vkey import VerifierKey
from ledger.match.artists.reference import SILENT, Likeness
from ledger.record import dsse
from ledger.record.description import People, describe_record, parties
from ledger.record.ids import parse_id
from ledger.record.predicates import Generation, Predicate, Verification
from ledger.record.times import day, format_time
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.records import RecordStore
from ledger.storage.search.calibrations import CalibrationStore
from ledger.storage.search.likenesses import LikenessStore
from ledger.storage.works.works import WorkReader

MAX_PAGE = 200


@dataclass(frozen=True, slots=True)
class ModelPictures:
    """Pictures on record that a model made."""

    newest: tuple[RecordAnswer, ...]
    made: int
    copies: int
    """Those that are copies of registered works, or of parts of them."""
    decided: Mapping[str, int]
    """What the guard decided, of the newest ones that this service made."""


@dataclass(frozen=True, slots=True)
class Records:
    """Only reads. The exact bytes come from the log; names come from the tables beside it."""

    entries: PostgresEntryStore
    store: RecordStore
    works: WorkReader
    calibrations: CalibrationStore
    likenesses: LikenessStore
    objects: ObjectStore
    tiles: TileReader
    log_key: VerifierKey
    people: Callable[[Iterable[str]], People]
    """Names of accounts and artists, by id, in one query."""
    classifier: Callable[[str], Mapping[str, str]]
    """What a classifier of artists reached when it was trained, by the digest of its file."""
    _calibrated: dict[str, CorpusState] = field(default_factory=dict)
    """By digest. The corpus that a calibration was made against never changes."""

    def get(self, record_id: str) -> RecordAnswer:
        """Raises NotFoundError (`record-not-found`), InputError (`bad-id`)."""
        return self.answer(self.entry(record_id))

    def entry(self, record_id: str) -> Entry:
        """Raises as `get` does."""
        entry = self.entries.get(parse_id(record_id))
        if entry is None:
            raise NotFoundError(
                f"there is no record {record_id} on this log",
                code="record-not-found",
                hint="Look up the picture itself: artledger lookup IMAGE",
            )
        return entry

    def answer(self, entry: Entry, *, repeated: bool = False) -> RecordAnswer:
        """The record as CLI and HTTP show it."""
        return self.answers([entry], repeated=repeated)[0]

    def answers(self, entries: Iterable[Entry], *, repeated: bool = False) -> tuple[RecordAnswer, ...]:
        """Several records at once, with the names of all their works in one query."""
        entries = tuple(entries)
        compared = [entry.statement.predicate for entry in entries]
        said = self.likenesses.of([each.record_id for each in compared if isinstance(each, Verification | Generation)])
        named = {work_id for each in compared for work_id in named_works(each)}
        works = self.works.works(named | speaking(said.values()))
        contested = self.works.contests(matched_works(*compared))
        people = self.people({party for each in compared for party in (*parties(each), *referred(each))})
        self.calibrated(each.calibration for each in compared if isinstance(each, Verification | Generation))
        return tuple(
            record_answer(
                entry,
                describe_record(entry.statement, work_names(works), people),
                self._report(entry.statement.predicate, said.get(entry.record_id, SILENT), works, contested, people),
                repeated=repeated,
            )
            for entry in entries
        )

    def calibrated(self, digests: Iterable[str]) -> Mapping[str, CorpusState]:
        """The corpora that these calibrations were made against, perhaps with others; unknown calibrations are left
        out."""
        missing = set(digests) - self._calibrated.keys()
        if missing:
            self._calibrated.update(self.calibrations.corpora(missing))
        return self._calibrated

    def likeness(self, predicate: Verification, likeness: Likeness) -> LikenessReport:
        """What classifiers say of a picture that has no record."""
        works, people = self.works.works(speaking([likeness])), self.people(referred(predicate))
        return likeness_report(reference_of(predicate), likeness, works, people, self.classifier)

    def _report(
        self,
        predicate: Predicate,
        likeness: Likeness,
        works: Mapping[str, Work],
        contested: Container[str],
        people: People,
    ) -> Report | None:
        if not isinstance(predicate, Verification | Generation):
            return None
        likely = likeness_report(predicate.artist_reference, likeness, works, people, self.classifier)
        return picture_report(predicate, works, contested, self._calibrated.get(predicate.calibration), likely)

    def page(
        self,
        *,
        sha256: str | None = None,
        work_id: str | None = None,
        artist_id: str | None = None,
        kind: str | None = None,
        after: int = -1,
        limit: int = 50,
    ) -> RecordPage:
        """Records in the order of the log, after entry `after`. `sha256` is the digest of a subject's bytes or pixels.

        Raises InputError (`bad-limit`) unless 1 <= limit <= 200.
        """
        if not 1 <= limit <= MAX_PAGE:
            raise InputError(f"limit is {limit}; it must be 1 to {MAX_PAGE}", code="bad-limit")
        found = self.store.find(
            sha256=sha256, work_id=work_id, artist_id=artist_id, kind=kind, after=after, limit=limit + 1
        )
        page = found[:limit]
        following = page[-1].leaf_index if len(found) > limit else None
        return RecordPage(records=self.answers(page), next_after=following)

    def newest(self, kind: str, limit: int, before: int | None = None) -> tuple[RecordAnswer, ...]:
        """Records of a kind, newest first; those before entry `before`, if given."""
        return self.answers(self.store.newest(kind, limit, before))

    def of_model(self, model_id: str, shown: int, counted: int) -> ModelPictures:
        """The newest pictures that a model made, newest first, and how many there are. `counted`: of the newest so many
        it is said what the guard decided."""
        newest, verdicts = self.store.of_model(parse_id(model_id), counted)
        decided: Counter[str] = Counter(
            each.guard for each in _generations(newest) if each.origin_of_image == "service"
        )
        return ModelPictures(self.answers(newest[:shown]), sum(verdicts.values()), verdicts.get("copy", 0), decided)

    def growth(self, points: int) -> tuple[tuple[str, int], ...]:
        """(day, size of the log then) at so many places of the log at most, evenly spread, oldest first; one a day."""
        return tuple({day(format_time(time)): size for time, size in self.store.growth(points)}.items())

    def latest(self, limit: int, before: int | None = None) -> tuple[RecordAnswer, ...]:
        """The newest records, newest first; those before entry `before`, if given."""
        size = self.entries.head().size
        end = size if before is None else min(before, size)
        newest = list(self.entries.read(max(0, end - limit), end))
        return self.answers(reversed(newest))

    def at(self, leaf_index: int) -> str:
        """The id of the record in a log entry. Raises NotFoundError (`record-not-found`)."""
        if 0 <= leaf_index < self.entries.head().size:
            (entry,) = self.entries.read(leaf_index, leaf_index + 1)
            return entry.record_id
        raise NotFoundError(
            f"the log has no entry {leaf_index:,}", code="record-not-found", hint="Its page says how many it has: /log"
        )

    def bundle(self, record_id: str) -> bytes:
        """The record's bundle under the published checkpoint.

        Raises NotFoundError, and PushbackError (`not-yet-published`) while no checkpoint covers the record.
        """
        return self.bundle_of(self.entry(record_id))

    def bundle_of(self, entry: Entry) -> bytes:
        """The bundle of an entry that is loaded already. Raises PushbackError (`not-yet-published`)."""
        bundle = self._bundle(entry)
        if bundle is None:
            raise PushbackError(
                f"record {entry.record_id} is log entry {entry.leaf_index}; no published checkpoint covers it yet",
                code="not-yet-published",
                hint="The next checkpoint follows within seconds while `artledger serve` runs. Try again.",
            )
        return bundle.to_bytes()

    def proof(self, record_id: str) -> str | None:
        """The proof in the record's bundle (C2SP tlog-proof); None while no published checkpoint covers the record.

        Raises as `get` does.
        """
        bundle = self._bundle(self.entry(record_id))
        return None if bundle is None else bundle.proof.text

    def _bundle(self, entry: Entry) -> Bundle | None:
        signed = self.signed_checkpoint()
        if signed is None or entry.leaf_index >= signed.size:
            return None
        keys = self.store.public_keys(dsse.signers_of(entry.envelope))
        receipt = make_receipt(self.tiles, entry.leaf_hash, entry.leaf_index, signed)
        return make_bundle(entry.envelope, entry.leaf_index, receipt.path, signed.data, keys)

    def signed_checkpoint(self) -> SignedCheckpoint | None:
        """The published checkpoint. Raises VerificationError when the log's key did not sign it."""
        data = self.objects.get(CHECKPOINT_PATH)
        return None if data is None else _opened(data, self.log_key)

    def checkpoint(self) -> str:
        """The published checkpoint's text. Raises PushbackError (`not-yet-published`) before the first."""
        signed = self.signed_checkpoint()
        if signed is None:
            raise PushbackError("no checkpoint is published yet", code="not-yet-published")
        return signed.data.decode()


def _generations(entries: Iterable[Entry]) -> Iterator[Generation]:
    for entry in entries:
        if isinstance(entry.statement.predicate, Generation):
            yield entry.statement.predicate


@lru_cache(maxsize=4)
def _opened(data: bytes, key: VerifierKey) -> SignedCheckpoint:
    """Cached, because many records are read under one checkpoint and its signature need be verified only once."""
    return open_checkpoint(data, key)
