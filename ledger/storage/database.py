"""Connections: one pool for the service's role, single connections for the owner, and readable errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import psycopg
import sqlalchemy as sa
from psycopg.rows import TupleRow
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ledger.cores import cores
from ledger.errors import ConflictError, InputError, LedgerError, PushbackError

POOL_SIZE = 32 + 2 * cores()
"""More than the service's threads (api/app.py). Connections are opened when needed."""
SECONDS_FOR_CONNECTION = 10
DRIVER = "postgresql+psycopg"
SERVICE_ROLE = "artledger_service"
SERVICE_OPTIONS = (
    f"-c role={SERVICE_ROLE} -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s -c jit=off"
    " -c hnsw.ef_search=200 -c hnsw.iterative_scan=relaxed_order -c hnsw.max_scan_tuples=40000"
)
"""Timeouts: a stalled process must not hold the log's head for ever. No JIT: compiling a search takes longer than
running it. Iterative scans: limited to ef_search, an index search would lose most rows behind a filter
(tests/benchmarks/search.py has figures)."""


class Database:
    """One PostgreSQL database. Connections are opened on first use; close it (or leave its `with`) to end them.

    The service's connections use the role `artledger_service`, which can only select and insert on the log. With
    `service_url` they log in as a user without other rights. Otherwise they log in as the owner and SET ROLE, which an
    injected statement could reset. The owner's connections are used only for migrations, indexes and erasure.
    Raises InputError (`database-url`) if the URL is not for PostgreSQL.
    """

    def __init__(self, url: str, *, service_url: str | None = None, pool_size: int = POOL_SIZE) -> None:
        self._url = _parsed(url)
        common = {"connect_timeout": SECONDS_FOR_CONNECTION, "application_name": "artledger", "client_encoding": "utf8"}
        self._service: Engine = sa.create_engine(
            self._url if service_url is None else _parsed(service_url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=SECONDS_FOR_CONNECTION,
            pool_pre_ping=True,
            hide_parameters=True,  # keeps names and pictures in parameters out of errors and logs
            connect_args=common | {"options": SERVICE_OPTIONS},
        )
        self._held: Connection | None = None
        self._owner: Engine = sa.create_engine(
            self._url, poolclass=sa.NullPool, hide_parameters=True, connect_args=common
        )

    def __repr__(self) -> str:
        return f"Database({self.label})"

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def label(self) -> str:
        """Host and database for messages, without the password."""
        host = self._url.host or self._url.query.get("host", "local socket")
        return f"{host}/{self._url.database}"

    def close(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None
        self._service.dispose()
        self._owner.dispose()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction of the service's role: committed at the end of the block, rolled back by an exception.

        Raises PushbackError when the server is unreachable (`database-unreachable`), has no free connection
        (`database-busy`) or no space (`disk-full`). If a commit raises it, the outcome of the commit is unknown.
        """
        with self._explained(), self._service.begin() as connection:
            yield connection

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection of the service's role outside a transaction, for session locks. Raises as `begin` does."""
        with self._explained(), self._service.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def kept_session(self) -> Iterator[Connection]:
        """Like `session`, for one user at a time. The connection is kept until it breaks or `close`, which saves the
        round trips of taking one from the pool. Raises as `begin` does."""
        with self._explained():
            connection, self._held = self._held, None
            if connection is None:
                connection = self._service.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                yield connection
            finally:
                if driver(connection).closed:
                    connection.invalidate()
                    connection.close()
                else:
                    self._held = connection

    @contextmanager
    def begin_as_owner(self) -> Iterator[Connection]:
        """A transaction of the owner, for migrations and indexes only. Raises as `begin` does."""
        with self._explained(), self._owner.begin() as connection:
            yield connection

    @contextmanager
    def owner_session(self) -> Iterator[Connection]:
        """A connection of the owner outside a transaction, for VACUUM. Raises as `begin` does."""
        with self._explained(), self._owner.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeoutError as error:
            raise PushbackError("all database connections are in use", code="database-busy") from error
        except (DBAPIError, psycopg.Error) as error:
            known = self._translate(error.orig if isinstance(error, DBAPIError) else error)
            if known is None:
                raise
            raise known from error

    def _translate(self, cause: object) -> LedgerError | None:
        if f'role "{SERVICE_ROLE}" does not exist' in str(cause):
            return self._not_migrated()
        if isinstance(cause, psycopg.errors.LockNotAvailable):
            return PushbackError("another process has held a database lock for too long", code="database-busy")
        if isinstance(cause, psycopg.IntegrityError):
            return ConflictError(
                f"the new rows contradict stored rows: {cause.diag.constraint_name or 'a constraint'}",
                code="database-conflict",
            )
        if isinstance(cause, psycopg.errors.DiskFull):
            return PushbackError(
                f"the database server of {self.label} has no space left on its disk",
                code="disk-full",
                hint="Free some space there, then try again. No half-written data was left.",
                retry_after=60,
            )
        return self._unreachable(cause) if _is_lost(cause) else None

    def _unreachable(self, cause: object) -> PushbackError:
        reason = str(cause).strip().splitlines()[0] if str(cause).strip() else "no reason given"
        return PushbackError(
            f"the database {self.label} cannot be reached: {_without(reason, self._url.password)}",
            code="database-unreachable",
            hint="Check that the server runs, and check the address, user and password in ARTLEDGER_DATABASE_URL.",
        )

    def _not_migrated(self) -> ConflictError:
        return ConflictError(
            f"the database {self.label} has no Artledger schema yet",
            code="database-not-migrated",
            hint="Run: artledger db upgrade",
        )


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise InputError(
            "the database URL cannot be read",  # it may hold a password: not repeated here
            code="database-url",
            hint="Write it as postgresql://user:password@host:5432/database.",
        ) from None
    if parsed.drivername not in ("postgresql", "postgres", DRIVER):
        raise InputError(
            f"the database URL is for {parsed.drivername!r}, but Artledger needs PostgreSQL",
            code="database-url",
            hint="Write it as postgresql://user:password@host:5432/database.",
        )
    return parsed.set(drivername=DRIVER)


def driver(connection: Connection) -> psycopg.Connection[TupleRow]:
    """The psycopg connection under SQLAlchemy's, in the same transaction, for COPY and binary results."""
    found = connection.connection.driver_connection
    if not isinstance(found, psycopg.Connection):
        raise TypeError(f"not a psycopg connection: {type(found)}")
    return found


def _is_lost(cause: object) -> bool:
    """Whether the server was unreachable or the connection broke; False if the server answered with an error."""
    if isinstance(cause, psycopg.Error) and cause.sqlstate is not None:
        return cause.sqlstate[:2] in ("08", "57") and not isinstance(cause, psycopg.errors.QueryCanceled)
    return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)


def _without(text: str, secret: str | None) -> str:
    return text.replace(secret, "***") if secret else text
