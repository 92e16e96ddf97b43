"""What must still hold when a statement about a work becomes a leaf: asked in its transaction, the head locked."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.errors import LedgerError
from ledger.log.entry import Alongside


def together(*steps: Alongside) -> Alongside:
    """All of them, in this order."""

    def run(connection: Connection) -> None:
        for step in steps:
            step(connection)

    return run


def unless_appended(dedup_key: bytes, refusal: LedgerError) -> Alongside:
    """Raises `refusal` where the log has a leaf with this dedup key."""

    def require(connection: Connection) -> None:
        if connection.execute(sa.text("SELECT 1 FROM entry WHERE dedup_key = :key"), {"key": dedup_key}).first():
            raise refusal

    return require


def unless_registered(work_id: str, refusal: LedgerError) -> Alongside:
    """Raises `refusal` where a work with this id was registered.

    A work that stands is known by its row in `work_detail`, which the registration's transaction wrote and which no
    second one can write; of a withdrawn work that row is erased, but the projection has it: nobody can withdraw a work
    that is not projected.
    """

    def require(connection: Connection) -> None:
        if connection.execute(sa.text("SELECT 1 FROM work WHERE work_id = :id"), {"id": UUID(work_id)}).first():
            raise refusal

    return require
