"""Stores what an auditor needs of verified records, so that a later replay continues after them.

Checking a record needs the keys and a small fact of each earlier record (ledger/audit/facts.py). The auditor's SQLite
file holds both. They are committed together with the size and root up to which the records were verified.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pydantic import ValidationError

from ledger.audit.entries import EntryChecker
from ledger.audit.facts import Fact
from ledger.audit.whole_log.chunks import Leaf
from ledger.errors import ConflictError, VerificationError
from ledger.record.predicates import KeyRecord

_TABLES = """
CREATE TABLE IF NOT EXISTS fact (
  leaf_index INTEGER PRIMARY KEY, record_id BLOB NOT NULL, leaf_hash BLOB NOT NULL, kind TEXT NOT NULL, about TEXT);
CREATE TABLE IF NOT EXISTS announced (leaf_index INTEGER PRIMARY KEY, predicate TEXT NOT NULL, signers TEXT);
CREATE TABLE IF NOT EXISTS checked (size INTEGER NOT NULL, root BLOB NOT NULL);
"""


class RecordState:
    """The records verified so far. Every method raises ConflictError (`audit-state`) when the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def verified(self) -> tuple[int, bytes] | None:
        """Returns the size and root up to which the records were verified, or None."""
        if not self._path.exists():
            return None
        with self._open() as database:
            row = database.execute("SELECT size, root FROM checked").fetchone()
        return None if row is None else (int(row[0]), bytes(row[1]))

    def restore(self, checker: EntryChecker) -> None:
        """Brings a new checker to the state after the verified records."""
        with self._open() as database:
            facts = database.execute("SELECT record_id, leaf_hash, kind, about FROM fact ORDER BY leaf_index")
            announced = database.execute("SELECT predicate, signers FROM announced ORDER BY leaf_index")
            checker.restore(
                ((str(uuid.UUID(bytes=row[0])), Fact(row[2], row[1].hex(), _about(row[3]))) for row in facts),
                ((KeyRecord.model_validate_json(text), tuple(json.loads(keys))) for text, keys in announced),
            )

    def save(self, first: int, leaves: Sequence[Leaf], root: bytes) -> None:
        """Adds the leaves from index `first` on; `root` is the log's root after them."""
        examined = [(index, leaf.examined, leaf.leaf_hash) for index, leaf in enumerate(leaves, first)]
        with self._open() as database:
            database.executemany(
                "INSERT INTO fact VALUES (?, ?, ?, ?, ?)",
                (
                    (
                        index,
                        uuid.UUID(each.gist.record_id).bytes,
                        leaf_hash,
                        each.gist.kind,
                        json.dumps(each.gist.about),
                    )
                    for index, each, leaf_hash in examined
                ),
            )
            database.executemany(
                "INSERT INTO announced VALUES (?, ?, ?)",
                (
                    (index, each.key.model_dump_json(by_alias=True), json.dumps(each.signers))
                    for index, each, _ in examined
                    if each.key is not None
                ),
            )
            database.execute("DELETE FROM checked")
            database.execute("INSERT INTO checked VALUES (?, ?)", (first + len(leaves), root))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path)) as database, database:
                database.executescript(_TABLES)
                yield database
        except (sqlite3.Error, OSError, ValueError, ValidationError, VerificationError) as error:
            raise ConflictError(
                f"the auditor's own state {self._path} cannot be used: {error}",
                code="audit-state",
                hint="Remove it to make the next audit check all records again.",
            ) from error


def _about(text: str) -> tuple[str, ...]:
    return tuple(map(str, json.loads(text)))
