"""Domains that account holders proved to be theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection

from ledger.log.entry import Alongside
from ledger.storage.database import Database
from ledger.storage.tables.people import verified_domain


@dataclass(frozen=True, slots=True)
class StoredDomain:
    account_id: str
    domain: str
    record_id: str
    checked_at: datetime


class DomainStore:
    """Times are the database's. Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def writer(self, account_id: str, domain: str, record_id: str, key: bytes) -> Alongside:
        """Writes a proof in the transaction that appends its record; a later one takes its place."""
        values = {"record_id": UUID(record_id), "domain_key": key, "checked_at": sa.func.now()}

        def write(connection: Connection) -> None:
            statement = insert(verified_domain).values(account_id=UUID(account_id), domain=domain, **values)
            keys = [verified_domain.c.account_id, verified_domain.c.domain]
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))

        return write

    def of(self, account_ids: Iterable[str], newer_than: timedelta) -> Mapping[str, list[StoredDomain]]:
        """Proofs by account that are not too old, in the order of their names."""
        wanted = [UUID(each) for each in set(account_ids)]
        columns = verified_domain.c
        query = (
            sa.select(verified_domain)
            .where(columns.account_id.in_(wanted), columns.checked_at > sa.func.now() - newer_than)
            .order_by(columns.domain)
        )
        found: dict[str, list[StoredDomain]] = {}
        if wanted:
            with self._database.begin() as connection:
                for row in connection.execute(query):
                    stored = StoredDomain(str(row.account_id), row.domain, str(row.record_id), row.checked_at)
                    found.setdefault(stored.account_id, []).append(stored)
        return found
