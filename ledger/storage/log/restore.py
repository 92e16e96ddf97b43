"""Put published entries back into a database, each at its place, so that the log goes on from there.

Nothing is decided here: the caller has audited the log that the entries come from. What an entry holds is written as it
was; what stood beside it (names, vectors, documents) is not on the log and does not come back.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.errors import ConflictError, VerificationError
from ledger.log.entry import Draft, Entry, TreeHead
from ledger.log.merkle import EMPTY_ROOT, leaf_hash
from ledger.record import dsse
from ledger.record.predicates import KeyRecord
from ledger.record.repeats import repeat_key
from ledger.record.statement import Statement, parse_payload
from ledger.record.times import parse_time
from ledger.storage.database import Database
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.entry_rows import write_entries
from ledger.storage.log.head import advance_head, lock_head
from ledger.storage.log.required_signatures import keep_keys
from ledger.storage.log.revocation import FOUNDING_KEY, event_key
from ledger.storage.tables import LOG, PRIMARY, PROJECTIONS


class EntryRestore:
    """Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def head(self, origin: str, *, onto: bool) -> TreeHead:
        """The head from which the log called `origin` goes on: that of the empty log where there is none.

        Raises ConflictError (`database-not-empty`) where any table has a row, unless `onto`, and (`other-log`) where
        the database holds a log of another name.
        """
        with self._database.begin() as connection:
            held = connection.execute(sa.text("SELECT origin, size, root FROM log_head")).one_or_none()
            filled = _first_filled(connection)
        if held is not None and held.origin != origin:
            raise ConflictError(
                f"this database holds the log {held.origin}, not {origin}",
                code="other-log",
                hint="name another, empty database: ARTLEDGER_DATABASE_URL, or --data for an embedded one",
            )
        if filled is not None and not onto:
            raise ConflictError(
                f"the database is not empty: the table {filled} has rows",
                code="database-not-empty",
                hint="restore into an empty database. To complete an older backup of this log, or to go on after an "
                "interruption, add --continue",
            )
        return TreeHead(0, EMPTY_ROOT) if held is None else TreeHead(held.size, bytes(held.root))

    def create(self, origin: str) -> None:
        """Create the empty log where there is none."""
        PostgresEntryStore(self._database).create_log(origin)

    def append(self, head: TreeHead, envelopes: Sequence[bytes], root: bytes) -> TreeHead:
        """Write the entries that follow `head`, in one transaction, and return the new head.

        `root` is that of the log up to and including them. Raises VerificationError (`root-mismatch`) when they do not
        lead to it, ConflictError (`log-moved`) when the log in the database is not at `head` any more; then nothing was
        written.
        """
        with self._database.begin() as connection:
            locked = lock_head(connection)
            if (locked.tree.size, locked.tree.root()) != (head.size, head.root):
                raise ConflictError(
                    f"the log in this database grew to {locked.tree.size} entries while it was restored",
                    code="log-moved",
                    hint="stop everything else that uses this database, then run the same command with --continue",
                )
            hashes = [leaf_hash(envelope) for envelope in envelopes]
            tree = locked.tree.extend(hashes)
            if tree.root() != root:
                raise VerificationError(
                    f"entries {head.size} to {tree.size - 1} give root {tree.root().hex()}, the audited log has "
                    f"{root.hex()}: it changed while it was read",
                    code="root-mismatch",
                )
            statements = [parse_payload(dsse.parse(envelope).payload) for envelope in envelopes]
            keys = _unused(connection, [_dedup_key(index, each) for index, each in enumerate(statements, head.size)])
            rows = zip(statements, hashes, envelopes, keys, strict=True)
            write_entries(connection, [_row(index, *row) for index, row in enumerate(rows, head.size)])
            advance_head(connection, tree)
            keep_keys(connection, [each.predicate for each in statements if isinstance(each.predicate, KeyRecord)])
        return TreeHead(tree.size, tree.root())


def _row(index: int, statement: Statement, digest: bytes, envelope: bytes, key: bytes | None) -> tuple[Entry, Draft]:
    """When an entry was appended is not on the log: the time that its statement gives stands for it."""
    made_at = parse_time(statement.predicate.generated_at)
    entry = Entry(index, statement.record_id, digest, envelope, made_at)
    return entry, Draft(statement.record_id, envelope, key)


def _unused(connection: Connection, keys: Sequence[bytes | None]) -> list[bytes | None]:
    """Each key where it comes first, in the database or in this batch: a claim about a picture makes a verification of
    its own, which asks what an ordinary one may have asked before."""
    statement = sa.text("SELECT dedup_key FROM entry WHERE dedup_key = ANY(:keys)")
    asked = {"keys": [key for key in keys if key is not None]}
    used = {bytes(key) for key in connection.execute(statement, asked).scalars()}
    first: list[bytes | None] = []
    for key in keys:
        first.append(None if key in used else key)
        if key is not None:
            used.add(key)
    return first


def _dedup_key(index: int, statement: Statement) -> bytes | None:
    """The keys that must hold on: those of key events, by which revoked keys are refused, and of repeated questions.

    A repeat writes no rows beside its leaf. So kinds whose rows are lost (calibrations, models, statements of use) get
    no key here: made again, they become new leaves, with their rows.
    """
    record = statement.predicate
    if not isinstance(record, KeyRecord):
        return repeat_key(statement)
    if index == 0:
        return FOUNDING_KEY
    return event_key("revoked" if record.event == "revoked" else "announced", statement.subject_sha256)


def _first_filled(connection: Connection) -> str | None:
    """The first table with a row; the row of an empty log does not count."""
    for table in (*LOG, *PRIMARY, *PROJECTIONS):
        condition = " WHERE size > 0" if table.name == "log_head" else ""
        if connection.execute(sa.text(f"SELECT 1 FROM {table.name}{condition} LIMIT 1")).first():  # noqa: S608
            return table.name
    return None
