"""Addresses that are sent notices, and the notices that still have to be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger.storage.database import Database
from ledger.storage.tables.people import webhook, webhook_delivery

_DUE = (
    "SELECT webhook_id FROM webhook_delivery WHERE next_try_at <= now() GROUP BY 1 ORDER BY min(next_try_at), 1"
    " LIMIT :limit"
)
_NEXT = (
    "SELECT d.leaf_index, d.reason, d.tries, w.url, w.secret, w.account_id FROM webhook_delivery d"
    " JOIN webhook w USING (webhook_id) WHERE d.webhook_id = :id AND d.next_try_at <= now()"
    " ORDER BY d.leaf_index LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class StoredWebhook:
    webhook_id: str
    account_id: str
    url: str
    created_at: datetime
    disabled_at: datetime | None
    problem: str | None
    waiting: int
    """Notices that still have to be sent."""


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A notice to send now."""

    webhook_id: str
    account_id: str
    url: str
    secret: bytes
    leaf_index: int
    tries: int
    """Failed ones."""


class WebhookStore:
    """Times are the database's. Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, webhook_id: str, account_id: str, url: str, secret: bytes) -> None:
        with self._database.begin() as connection:
            connection.execute(
                sa.insert(webhook).values(
                    webhook_id=UUID(webhook_id),
                    account_id=UUID(account_id),
                    url=url,
                    secret=secret,
                    created_at=sa.func.now(),
                )
            )

    def of(self, account_id: str) -> list[StoredWebhook]:
        """An account's webhooks, the oldest first."""
        waiting = (
            sa.select(sa.func.count())
            .where(webhook_delivery.c.webhook_id == webhook.c.webhook_id)
            .scalar_subquery()
            .label("waiting")
        )
        query = sa.select(webhook, waiting).where(webhook.c.account_id == UUID(account_id))
        with self._database.begin() as connection:
            rows = connection.execute(query.order_by(webhook.c.created_at, webhook.c.webhook_id))
            return [_stored(row) for row in rows]

    def secret(self, webhook_id: str) -> bytes:
        """The secret of a webhook that exists."""
        with self._database.begin() as connection:
            return bytes(
                connection.execute(
                    sa.select(webhook.c.secret).where(webhook.c.webhook_id == UUID(webhook_id))
                ).scalar_one()
            )

    def remove(self, account_id: str, webhook_id: str) -> bool:
        """Forgets a webhook of the account, with what waits for it. False if there is none."""
        with self._database.begin() as connection:
            removed = connection.execute(
                sa.delete(webhook).where(
                    webhook.c.webhook_id == UUID(webhook_id), webhook.c.account_id == UUID(account_id)
                )
            )
            return bool(removed.rowcount)

    def due(self, limit: int) -> list[str]:
        """Ids of webhooks that something is to be sent to now, those that have waited longest first."""
        with self._database.begin() as connection:
            return [str(each) for each in connection.execute(sa.text(_DUE), {"limit": limit}).scalars()]

    def next(self, webhook_id: str) -> DueNotice | None:
        """What is to be sent to a webhook now, the earliest entry first."""
        with self._database.begin() as connection:
            row = connection.execute(sa.text(_NEXT), {"id": UUID(webhook_id)}).one_or_none()
        if row is None:
            return None
        return DueNotice(webhook_id, str(row.account_id), row.url, bytes(row.secret), row.leaf_index, row.tries)

    def stand_back(self, webhook_id: str) -> None:
        """Lets webhooks that wait for their turn go first."""
        with self._database.begin() as connection:
            connection.execute(
                sa.update(webhook_delivery)
                .where(
                    webhook_delivery.c.webhook_id == UUID(webhook_id),
                    webhook_delivery.c.next_try_at < sa.func.now(),
                )
                .values(next_try_at=sa.func.now())
            )

    def sent(self, notice: DueNotice) -> None:
        """Forgets a notice that was sent, or given up."""
        with self._database.begin() as connection:
            connection.execute(sa.delete(webhook_delivery).where(*_is(notice)))

    def solve(self, webhook_id: str) -> None:
        """Forgets what was wrong."""
        self._update(webhook_id, problem=None)

    def retry(self, notice: DueNotice, seconds: float, problem: str) -> None:
        """Everything that waits for the webhook is tried again after so many seconds; this notice has failed once
        more."""
        later = sa.func.now() + timedelta(seconds=seconds)
        with self._database.begin() as connection:
            connection.execute(
                sa.update(webhook_delivery)
                .where(webhook_delivery.c.webhook_id == UUID(notice.webhook_id))
                .values(next_try_at=sa.func.greatest(webhook_delivery.c.next_try_at, later))
            )
            connection.execute(
                sa.update(webhook_delivery).where(*_is(notice)).values(tries=notice.tries + 1, next_try_at=later)
            )
        self._update(notice.webhook_id, problem=problem)

    def disable(self, webhook_id: str, problem: str) -> None:
        """Sends nothing to it again."""
        with self._database.begin() as connection:
            connection.execute(sa.delete(webhook_delivery).where(webhook_delivery.c.webhook_id == UUID(webhook_id)))
        self._update(webhook_id, problem=problem, disabled_at=sa.func.now())

    def _update(self, webhook_id: str, **values: Any) -> None:
        with self._database.begin() as connection:
            connection.execute(sa.update(webhook).where(webhook.c.webhook_id == UUID(webhook_id)).values(**values))


def _is(notice: DueNotice) -> Sequence[sa.ColumnElement[bool]]:
    columns = webhook_delivery.c
    return columns.webhook_id == UUID(notice.webhook_id), columns.leaf_index == notice.leaf_index


def _stored(row: sa.Row[Any]) -> StoredWebhook:
    return StoredWebhook(
        str(row.webhook_id), str(row.account_id), row.url, row.created_at, row.disabled_at, row.problem, row.waiting
    )
