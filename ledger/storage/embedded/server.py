"""Starts PostgreSQL on demand and shares it between processes. The supervisor (supervisor.py) stops it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psycopg

from ledger.errors import ConflictError, LedgerError, PushbackError
from ledger.storage.database import SERVICE_ROLE
from ledger.storage.embedded.account import ENVIRONMENT, Account, choose_account
from ledger.storage.embedded.binaries import find_programs
from ledger.storage.embedded.cluster import (
    NO_SPACE,
    SUPERUSER,
    Home,
    ensure_cluster,
    explain_failure,
    find_home,
    known_home,
)
from ledger.storage.embedded.login import DATABASE, password_of, prepare, service_can_log_in

SECONDS_TO_START = 60.0
"""Long enough for crash recovery, which replays the write-ahead log before the first login."""
POLL_SECONDS = 0.01
MAX_LOG_BYTES = 2**20
MAX_SOCKET_PATH = 100
"""A socket's path has at most 107 bytes on Linux, 103 on macOS."""
SHARED_MEMORY_NEEDED = 2**30
SOCKET_NAME = ".s.PGSQL.5432"

OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "512MB",
    "max_wal_size": "1GB",
    "wal_recycle": "off",  # a recycled file would keep erased data until it is used again
    "max_connections": "100",
    "jit": "off",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # keeps statements, which may carry personal data, out of the log
    "log_error_verbosity": "terse",
}


class EmbeddedServer:
    """Context manager of a user of the data folder's PostgreSQL. The server runs while there is at least one user.

    Any number of processes may use the same folder at once. TCP is off. The socket is in its own folder of mode 0700
    and requires passwords that only the owner of the data folder can read. As root, the server runs as `run_as` or
    under its own user id.

    Entering raises ConflictError (`data-folder`, `database-owner`, `database-version`), MissingPackageError
    (`embedded-missing`), NotFoundError (`database-account`), PushbackError (`disk-full`, `database-starting`) or
    IntegrityError (`database-create`, `database-start`, `database-damaged`).
    """

    def __init__(self, data_dir: Path, *, run_as: str | None = None) -> None:
        self._data_dir = Path(os.path.abspath(data_dir))  # noqa: PTH100 - resolve() would follow links a user may change
        self._run_as = run_as
        self._users: int | None = None
        self._home: Home | None = None

    def __enter__(self) -> EmbeddedServer:
        try:
            account = choose_account(self._run_as, self._data_dir / "postgres")
            self._attach(find_home(self._data_dir, account), account)
        except OSError as error:
            self.close()
            raise self._unusable(error) from error
        except BaseException:
            self.close()
            raise
        return self

    def _attach(self, home: Home, account: Account) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        self._users = _lock(home.users_lock, fcntl.LOCK_SH, deadline)  # waits while the server is stopped
        with _held(home.start_lock, deadline):
            if not _is_running(home):
                _start(home, account)
            _wait_until_ready(home, deadline)
        self._home = home

    def _unusable(self, error: OSError) -> LedgerError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return explain_failure("the embedded database could not start", NO_SPACE, "disk-full")
        return ConflictError(
            f"the data folder {self._data_dir} cannot be used: {error}",
            code="data-folder",
            hint="Name another folder with --data, or make this one writable.",
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops using the server. The supervisor stops it after its last user."""
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def url(self, database: str = DATABASE) -> str:
        """SQLAlchemy URL of a database for the cluster's owner; it contains the password: never log it."""
        return self._url(database, SUPERUSER)

    def service_url(self, database: str = DATABASE) -> str:
        """Like `url`, for the service's login, which has only that role's rights and cannot gain more."""
        return self._url(database, SERVICE_ROLE)

    def _url(self, database: str, user: str) -> str:
        if self._home is None or self._users is None:
            raise RuntimeError("the embedded server is not entered")
        return _url(self._home, database, user)


def running_url(data_dir: Path) -> str | None:
    """The service's URL if the data folder's server is running. Starts and creates nothing, and does not keep the
    server running."""
    home = known_home(Path(os.path.abspath(data_dir)))  # noqa: PTH100 - as above
    return _url(home, DATABASE, SERVICE_ROLE) if home.running_lock.is_file() and _is_running(home) else None


def _url(home: Home, database: str, user: str) -> str:
    password, socket = quote(password_of(home, user), safe=""), home.socket_note.read_text()
    return f"postgresql+psycopg://{user}:{password}@/{database}?host={quote(socket, safe='/')}"


def _start(home: Home, account: Account) -> None:
    """Lets a supervisor start the server. Returns when the server is starting, before it is ready."""
    programs = find_programs(account)
    ensure_cluster(home, account, programs)
    (home.cluster / "postmaster.pid").unlink(missing_ok=True)  # stale: the running lock is free
    if home.log.exists() and home.log.stat().st_size > MAX_LOG_BYTES:
        home.log.unlink()
    if home.socket_note.exists():  # left over if the supervisor was killed
        shutil.rmtree(home.socket_note.read_text(), ignore_errors=True)
    socket_dir = _make_socket_dir()
    account.give(socket_dir)
    home.socket_note.write_text(str(socket_dir))
    options = OPTIONS | {"unix_socket_directories": str(socket_dir)} | _shared_memory()
    plan = {
        "command": [str(programs / "postgres"), "-D", str(home.cluster), *(f"--{k}={v}" for k, v in options.items())],
        "cluster": str(home.cluster),
        "users_lock": str(home.users_lock),
        "running_lock": str(home.running_lock),
        "socket_dir": str(socket_dir),
        "log": str(home.log),
        "environment": dict(ENVIRONMENT),
        "uid": account.uid,
        "gid": account.gid,
    }
    # By path, isolated and without site-packages: takes a third of the time and ignores the caller's environment.
    supervisor = [sys.executable, "-I", "-S", str(Path(__file__).with_name("supervisor.py")), json.dumps(plan)]
    nothing = subprocess.DEVNULL
    subprocess.run(supervisor, stdin=nothing, stdout=nothing, stderr=nothing, cwd="/", check=True)


def _shared_memory() -> dict[str, str]:
    """Avoids /dev/shm if it is small, as in many containers (64 MB): parallel index builds share all their memory."""
    shared = Path("/dev/shm")  # noqa: S108 - only measured
    if not shared.is_dir() or shutil.disk_usage(shared).free >= SHARED_MEMORY_NEEDED:
        return {}
    return {"dynamic_shared_memory_type": "mmap"}


def _make_socket_dir() -> Path:
    """A new folder of mode 0700 with a path short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="artledger-"))
    if len(str(folder / SOCKET_NAME)) > MAX_SOCKET_PATH:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="artledger-", dir="/tmp"))
    return folder


def _wait_until_ready(home: Home, deadline: float) -> None:
    """Waits until the service can log in to its database. Creates login and database the first time."""
    log_start = home.log.stat().st_size if home.log.exists() else 0
    while True:
        with suppress(psycopg.OperationalError):  # the server is starting
            if not service_can_log_in(home):
                prepare(home)
            return
        if not _is_running(home):
            with home.log.open(errors="replace") as log:
                log.seek(log_start)
                raise explain_failure(
                    f"the embedded database did not start (see {home.log})", log.read(), "database-start"
                )
        if time.monotonic() > deadline:
            raise PushbackError(
                f"the embedded database in {home.folder} is not ready after {SECONDS_TO_START:.0f} seconds",
                code="database-starting",
                hint=f"It may be recovering from a crash. See {home.log}, then try again.",
                retry_after=10,
            )
        time.sleep(POLL_SECONDS)


def _is_running(home: Home) -> bool:
    """Whether a supervisor, a server or one of its children still holds the cluster."""
    lock = os.open(home.running_lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _lock(path: Path, kind: int, deadline: float) -> int:
    """Opens and flocks a file; close the descriptor to release it. Raises PushbackError after the deadline."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise PushbackError(
                    f"another process has been starting or stopping the embedded database for a long time ({path})",
                    code="database-starting",
                    retry_after=10,
                ) from None
            time.sleep(POLL_SECONDS)
        else:
            return descriptor


@contextmanager
def _held(path: Path, deadline: float) -> Iterator[None]:
    descriptor = _lock(path, fcntl.LOCK_EX, deadline)
    try:
        yield
    finally:
        with suppress(OSError):
            os.close(descriptor)
