"""Accounts, and the tokens that authenticate their requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.storage.database import Database
from ledger.storage.tables.people import access_token, account

USE_NOTED_EVERY = timedelta(minutes=1)
"""The last use of a token is stored at most this often."""
_ACCOUNT = (
    "SELECT c.account_id, c.role, coalesce(a.name, c.name) AS name, c.created_at, c.disabled_at"
    " FROM account c LEFT JOIN artist a ON c.role = 'artist' AND a.artist_id = c.account_id"
)


@dataclass(frozen=True, slots=True)
class StoredAccount:
    account_id: str
    role: str
    name: str
    """Personal data; empty after erasure."""
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token without its secret."""

    token_id: str
    account_id: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    good: bool
    """Whether it is neither expired nor revoked, and its account is not disabled."""


@dataclass(frozen=True, slots=True)
class TokenCheck:
    """Data to check a presented token against."""

    token: StoredToken
    role: str
    secret_sha256: bytes
    use_unnoted: bool
    """Whether to store its last use again."""


class AccountStore:
    """Times are the database's. Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, account_id: str, role: str, name: str) -> bool:
        """Creates an account, and for an artist the `artist` row. False if another artist has the name."""
        with self._database.begin() as connection:
            if role == "artist":
                added = connection.execute(
                    sa.text("INSERT INTO artist (artist_id, name) VALUES (:id, :name) ON CONFLICT DO NOTHING"),
                    {"id": UUID(account_id), "name": name},
                )
                if not added.rowcount:
                    return False
            _insert(connection, account_id, role, "" if role == "artist" else name)
        return True

    def adopt(self, artist_id: str) -> bool:
        """Creates an account for an artist of the corpus. False if no artist with this id has a name (erased ones have
        none), or the account exists."""
        with self._database.begin() as connection:
            known = connection.execute(
                sa.text("SELECT 1 FROM artist WHERE artist_id = :id AND name IS NOT NULL"), {"id": UUID(artist_id)}
            ).scalar()
            return known is not None and _insert(connection, artist_id, "artist", "")

    def get(self, account_id: str) -> StoredAccount | None:
        found = self._accounts("WHERE c.account_id = :id", {"id": UUID(account_id)})
        return found[0] if found else None

    def names(self, ids: Iterable[str]) -> dict[str, str]:
        """Names of accounts and artists by id, in one query; erased names are empty, unknown ids left out."""
        wanted = [UUID(each) for each in set(ids)]
        if not wanted:
            return {}
        with self._database.begin() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT account_id AS id, name FROM account WHERE role <> 'artist' AND account_id = ANY(:ids)"
                    " UNION ALL SELECT artist_id, coalesce(name, '') FROM artist WHERE artist_id = ANY(:ids)"
                ),
                {"ids": wanted},
            )
            return {str(row.id): row.name for row in rows}

    def page(self, *, after: str | None = None, limit: int = 50) -> list[StoredAccount]:
        """Accounts in the order of their ids, which is the order of creation."""
        return self._accounts(
            "WHERE CAST(:after AS uuid) IS NULL OR c.account_id > :after ORDER BY c.account_id LIMIT :limit",
            {"after": None if after is None else UUID(after), "limit": limit},
        )

    def disable(self, account_id: str) -> None:
        """Disables the account; from now on none of its tokens is valid."""
        with self._database.begin() as connection:
            connection.execute(
                sa.update(account)
                .where(account.c.account_id == UUID(account_id))
                .values(disabled_at=sa.func.coalesce(account.c.disabled_at, sa.func.now()))
            )

    def note_read(self, account_id: str, through: int) -> None:
        """Notes that the account's holder has read the notices of entries up to `through`."""
        with self._database.begin() as connection:
            connection.execute(
                sa.update(account)
                .where(account.c.account_id == UUID(account_id))
                .values(read_through=sa.func.greatest(account.c.read_through, through))
            )

    def put_token(
        self, token_id: str, account_id: str, secret_sha256: bytes, scopes: Iterable[str], lifetime: float
    ) -> StoredToken:
        """Stores a token that is valid for `lifetime` seconds."""
        with self._database.begin() as connection:
            connection.execute(
                sa.insert(access_token).values(
                    token_id=token_id,
                    account_id=UUID(account_id),
                    secret_sha256=secret_sha256,
                    scopes=sorted(scopes),
                    created_at=sa.func.now(),
                    expires_at=sa.func.now() + timedelta(seconds=lifetime),
                )
            )
            [row] = _tokens(connection, access_token.c.token_id == token_id)
        return _token(row)

    def check(self, token_id: str) -> TokenCheck | None:
        """Data to check a token; None if it never existed."""
        with self._database.begin() as connection:
            rows = _tokens(connection, access_token.c.token_id == token_id)
        if not rows:
            return None
        return TokenCheck(_token(rows[0]), rows[0].role, bytes(rows[0].secret_sha256), bool(rows[0].use_unnoted))

    def note_use(self, token_id: str) -> None:
        with self._database.begin() as connection:
            connection.execute(
                sa.update(access_token).where(access_token.c.token_id == token_id).values(last_used_at=sa.func.now())
            )

    def tokens(self, account_id: str) -> list[StoredToken]:
        """All tokens ever issued, the oldest first."""
        with self._database.begin() as connection:
            return [_token(row) for row in _tokens(connection, access_token.c.account_id == UUID(account_id))]

    def revoke_token(self, token_id: str) -> None:
        with self._database.begin() as connection:
            connection.execute(
                sa.update(access_token)
                .where(access_token.c.token_id == token_id)
                .values(revoked_at=sa.func.coalesce(access_token.c.revoked_at, sa.func.now()))
            )

    def _accounts(self, condition: str, values: dict[str, Any]) -> list[StoredAccount]:
        with self._database.begin() as connection:
            rows = connection.execute(sa.text(f"{_ACCOUNT} {condition}"), values)
            return [
                StoredAccount(str(row.account_id), row.role, row.name, row.created_at, row.disabled_at) for row in rows
            ]


def _insert(connection: Connection, account_id: str, role: str, name: str) -> bool:
    added = connection.execute(
        sa.text(
            "INSERT INTO account (account_id, role, name, created_at) VALUES (:id, :role, :name, now())"
            " ON CONFLICT DO NOTHING"
        ),
        {"id": UUID(account_id), "role": role, "name": name},
    )
    return bool(added.rowcount)


def _tokens(connection: Connection, condition: sa.ColumnElement[bool]) -> list[sa.Row[Any]]:
    columns = access_token.c
    good = columns.revoked_at.is_(None) & account.c.disabled_at.is_(None) & (columns.expires_at > sa.func.now())
    unnoted = sa.func.coalesce(columns.last_used_at < sa.func.now() - USE_NOTED_EVERY, sa.true())
    query = (
        sa.select(access_token, account.c.role, good.label("good"), unnoted.label("use_unnoted"))
        .join(account, account.c.account_id == columns.account_id)
        .where(condition)
        .order_by(columns.created_at, columns.token_id)
    )
    return list(connection.execute(query))


def _token(row: sa.Row[Any]) -> StoredToken:
    return StoredToken(
        token_id=row.token_id,
        account_id=str(row.account_id),
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        good=bool(row.good),
    )
