"""Turns entries into rows of the searchable tables, by pure functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from ledger.errors import IntegrityError, VerificationError
from ledger.log.entry import Entry
from ledger.record.parts import MatchText
from ledger.record.predicates import (
    Asset,
    CalibrationRecord,
    Claim,
    ClaimVerdictRecord,
    Consent,
    DomainRecord,
    Finding,
    Generation,
    KeyRecord,
    ModelRecord,
    Predicate,
    Registration,
    Resolution,
    Response,
    Usage,
    Verification,
    Withdrawal,
)
from ledger.record.statement import Statement
from ledger.record.times import parse_time

RECORD_COLUMNS = (
    "leaf_index", "record_id", "kind", "subject_sha256", "pixel_sha256", "generated_at", "verdict", "work_id",
    "artist_id", "model_id",
)  # fmt: skip
MATCH_COLUMNS = ("leaf_index", "rank", "work_id", "artist_id", "relation", "score", "p_value")
WORK_COLUMNS = (
    "work_id", "artist_id", "sha256", "pixel_sha256", "licence", "allowed_uses", "registration_record_id",
    "registration_index", "registration_leaf_hash", "last_change_index",
)  # fmt: skip
CALIBRATION_COLUMNS = ("leaf_index", "record_id", "digest", "spec", "corpus_through", "corpus_works")
KEY_COLUMNS = ("leaf_index", "record_id", "keyid", "public_key", "role", "holder_id", "event")

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class WorkChange:
    """A consent (new terms) or a withdrawal (terms None) of a registered work."""

    leaf_index: int
    work_id: UUID
    licence: str | None
    allowed_uses: list[str] | None


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a batch of entries, by table, in the order of the log."""

    records: list[Row] = field(default_factory=list)
    matches: list[Row] = field(default_factory=list)
    works: list[Row] = field(default_factory=list)
    changes: list[WorkChange] = field(default_factory=list)
    calibrations: list[Row] = field(default_factory=list)
    keys: list[Row] = field(default_factory=list)

    @property
    def kinds(self) -> set[str]:
        """Those of the entries."""
        return {row[RECORD_COLUMNS.index("kind")] for row in self.records}

    def add(self, entry: Entry) -> None:
        """Adds an entry's rows. Raises IntegrityError (`entry-unreadable`) if this code does not know its record."""
        try:
            statement = entry.statement
        except VerificationError as error:
            raise IntegrityError(
                f"this version cannot read log entry {entry.leaf_index}: {error.message}",
                code="entry-unreadable",
                hint="Upgrade artledger. If it is the newest version, restore the database from a backup.",
            ) from error
        self.records.append(_record(entry, statement))
        self._add_details(entry, statement)

    def _add_details(self, entry: Entry, statement: Statement) -> None:
        predicate = statement.predicate
        match predicate:
            case Verification() | Generation():
                self.matches.extend(_matches(entry, predicate))
            case Registration():
                self.works.append(_work(entry, statement, predicate))
            case Consent():
                uses = list(map(str, predicate.allowed_uses))
                self.changes.append(WorkChange(entry.leaf_index, UUID(predicate.work_id), predicate.licence, uses))
            case Withdrawal():
                self.changes.append(WorkChange(entry.leaf_index, UUID(predicate.work_id), None, None))
            case CalibrationRecord():
                self.calibrations.append(_calibration(entry, statement, predicate))
            case KeyRecord():
                self.keys.append(_key(entry, statement, predicate))
            case (
                Asset()
                | Claim()
                | ClaimVerdictRecord()
                | DomainRecord()
                | Finding()
                | ModelRecord()
                | Resolution()
                | Response()
                | Usage()
            ):
                pass
            case _:
                assert_never(predicate)


def _record(entry: Entry, statement: Statement) -> Row:
    predicate = statement.predicate
    return (
        entry.leaf_index,
        UUID(entry.record_id),
        statement.kind,
        bytes.fromhex(statement.subject_sha256),
        _bytes(_pixels(statement)),
        _time(predicate.generated_at),
        _verdict(predicate),
        _uuid(_work_of(predicate)),
        _uuid(_artist_of(predicate)),
        UUID(predicate.model.model_id) if isinstance(predicate, Generation) else None,
    )


def _pixels(statement: Statement) -> str | None:
    match statement.predicate:
        case Verification() | Generation():
            return statement.predicate.image.pixel_sha256
        case Registration():
            return statement.predicate.pixel_sha256
        case Finding():
            return statement.subject_sha256
        case _:
            return None


def _verdict(predicate: Predicate) -> str | None:
    match predicate:
        case Verification() | Generation():
            return predicate.verdict.value
        case ClaimVerdictRecord():
            return predicate.verdict
        case Resolution():
            return predicate.outcome
        case _:
            return None


def _work_of(predicate: Predicate) -> str | None:
    match predicate:
        case Registration() | Consent() | Withdrawal():
            return predicate.work_id
        case Finding():
            return predicate.work
        case _:
            return None


def _artist_of(predicate: Predicate) -> str | None:
    match predicate:
        case Registration() | Usage():
            return predicate.artist_id
        case Claim():
            return predicate.claimant_id
        case DomainRecord():
            return predicate.holder_id
        case _:
            return None


def _matches(entry: Entry, predicate: Verification | Generation) -> list[Row]:
    """One row for the matched work, and one for each other artist's registration of its picture."""
    return [
        (
            entry.leaf_index,
            match.rank,
            UUID(work_id),
            UUID(artist_id),
            match.relation.value,
            float(match.score),
            float(match.p_value),
        )
        for match in predicate.matches
        for work_id, artist_id in _registrations(match).items()
    ]


def _registrations(match: MatchText) -> dict[str, str]:
    """Artists by work id."""
    return {match.work_id: match.artist_id} | {each.work_id: each.artist_id for each in match.members}


def _work(entry: Entry, statement: Statement, predicate: Registration) -> Row:
    return (
        UUID(predicate.work_id),
        UUID(predicate.artist_id),
        bytes.fromhex(statement.subject_sha256),
        bytes.fromhex(predicate.pixel_sha256),
        predicate.licence,
        list(predicate.allowed_uses),
        UUID(entry.record_id),
        entry.leaf_index,
        entry.leaf_hash,
        entry.leaf_index,
    )


def _calibration(entry: Entry, statement: Statement, predicate: CalibrationRecord) -> Row:
    return (
        entry.leaf_index,
        UUID(entry.record_id),
        bytes.fromhex(statement.subject_sha256),
        bytes.fromhex(predicate.spec),
        predicate.corpus.through,
        predicate.corpus.works,
    )


def _key(entry: Entry, statement: Statement, predicate: KeyRecord) -> Row:
    return (
        entry.leaf_index,
        UUID(entry.record_id),
        bytes.fromhex(statement.subject_sha256),
        bytes.fromhex(predicate.public_key),
        predicate.role,
        predicate.holder_id,
        predicate.event,
    )


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _bytes(digest: str | None) -> bytes | None:
    return None if digest is None else bytes.fromhex(digest)


def _time(text: str) -> datetime:
    return parse_time(text)
