"""The log's head row: size and right edge of the tree. Every append locks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.errors import ConflictError, IntegrityError
from ledger.log.merkle import CompactRange
from ledger.storage.database import driver


@dataclass(frozen=True, slots=True)
class Head:
    """The locked head row and the time of locking, in milliseconds like times in records."""

    tree: CompactRange
    now: datetime


def lock_head(connection: Connection) -> Head:
    row = connection.execute(
        sa.text(
            "SELECT size, edge, root, date_trunc('milliseconds', clock_timestamp()) AS now FROM log_head FOR UPDATE"
        )
    ).one_or_none()
    if row is None:
        raise not_created()
    tree = CompactRange(row.size, tuple(bytes(node) for node in row.edge))
    if tree.root() != bytes(row.root):
        raise IntegrityError(
            f"the log's head row contradicts itself: root {bytes(row.root).hex()}, its edge gives {tree.root().hex()}",
            code="log-head",
            hint="Nothing is appended. Restore the database from a backup that is consistent with the last checkpoint.",
        )
    return Head(tree, row.now)


def advance_head(connection: Connection, tree: CompactRange) -> None:
    with driver(connection).cursor() as cursor:
        cursor.execute("UPDATE log_head SET size = %s, edge = %s, root = %s", (tree.size, list(tree.edge), tree.root()))


def not_created() -> ConflictError:
    return ConflictError(
        "there is no log in this database yet", code="log-not-created", hint="Run: artledger db upgrade"
    )
