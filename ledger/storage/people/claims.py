"""Data of claims outside the log: texts, which may be erased, and the measurements behind verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.log.entry import Alongside
from ledger.storage.database import Database
from ledger.storage.tables.people import claim_detail


@dataclass(frozen=True, slots=True)
class ClaimDetail:
    """Data stored with one record: a claim, a response, a resolution, or a verdict."""

    text: str | None = None
    """None if there was no text, or it was erased."""
    text_key: str | None = None
    """Key of the commitment to the text, in hex."""
    measured: tuple[Mapping[str, Any], ...] = ()
    """For a verdict: measurements of pictures, as JSON objects."""


NOTHING = ClaimDetail()


class ClaimDetails:
    """Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def writer(self, record_id: str, detail: ClaimDetail, party_id: str | None = None) -> Alongside:
        """Writes a detail in the transaction that appends its record. `party_id`: author of the text."""

        def write(connection: Connection) -> None:
            connection.execute(
                sa.insert(claim_detail).values(
                    record_id=UUID(record_id),
                    party_id=None if party_id is None else UUID(party_id),
                    text=detail.text,
                    text_key=None if detail.text_key is None else bytes.fromhex(detail.text_key),
                    measured=[dict(each) for each in detail.measured] or None,
                )
            )

        return write

    def get(self, record_ids: Iterable[str]) -> Mapping[str, ClaimDetail]:
        """Details by record id; records without one are left out."""
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.select(claim_detail).where(claim_detail.c.record_id.in_([UUID(each) for each in record_ids]))
            )
            return {str(row.record_id): _detail(row) for row in rows}


def _detail(row: sa.Row[Any]) -> ClaimDetail:
    key = None if row.text_key is None else bytes(row.text_key).hex()
    return ClaimDetail(row.text, key, tuple(row.measured or ()))
