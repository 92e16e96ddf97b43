"""Conditions that are checked in the transaction that appends a statement, while the head row is locked."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.errors import LedgerError
from ledger.log.entry import Alongside


def all_of(*steps: Alongside) -> Alongside:
    """Runs all steps, in this order."""

    def run(connection: Connection) -> None:
        for step in steps:
            step(connection)

    return run


def unless_appended(dedup_key: bytes, refusal: LedgerError) -> Alongside:
    """Raises `refusal` if the log has an entry with this dedup key."""

    def require(connection: Connection) -> None:
        if connection.execute(sa.text("SELECT 1 FROM entry WHERE dedup_key = :key"), {"key": dedup_key}).first():
            raise refusal

    return require


def unless_registered(work_id: str, refusal: LedgerError) -> Alongside:
    """Raises `refusal` if a work with this id was ever registered.

    A second registration of a work fails anyway while its row in `work_detail` exists. Withdrawal erases that row.
    A withdrawn work is found in the projection instead, since only a projected work can be withdrawn.
    """

    def require(connection: Connection) -> None:
        if connection.execute(sa.text("SELECT 1 FROM work WHERE work_id = :id"), {"id": UUID(work_id)}).first():
            raise refusal

    return require
