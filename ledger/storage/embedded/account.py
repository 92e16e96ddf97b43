"""The account that the embedded server runs under. Started as root, the server gets its own account.

PostgreSQL refuses to run as root. Under an account that other services share (`nobody`), each of them could read the
database's files and kill it. So root gives each data folder an unused user id. The server needs no entry in the
system's list of users; only `initdb` does, once (see `maker`).
"""

from __future__ import annotations

import grp
import os
import pwd
import secrets
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ledger.errors import ConflictError, NotFoundError

OWN_IDS = range(60_706, 61_184)
"""User and group ids that Debian, `useradd` and systemd never assign; many containers map none above 65,535."""

ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""The complete environment of the programs; none of the caller's variables (PG*, LD_*) reach them."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that runs the server: the caller's (uid None) or, for root, an unprivileged user id."""

    name: str
    uid: int | None
    gid: int | None

    def owner(self) -> int:
        """The user id that owns the cluster's files."""
        return os.geteuid() if self.uid is None else self.uid

    def run(self, command: Sequence[str | Path], cwd: Path = Path("/")) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end under this account; captures its output as text."""
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
        """Whether this account can enter `folder`, found out by trying."""
        return self.uid is None or self.run(["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0

    def give(self, path: Path) -> None:
        """Gives a file or folder of ours to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def admit(self, folder: Path) -> None:
        """Lets only this account's group pass through a folder that stays ours."""
        if self.gid is not None:
            os.chown(folder, -1, self.gid)
            folder.chmod(0o710)

    def maker(self) -> Account:
        """The account for `initdb`, which needs a user with a name in the system.

        If this account has no name, it is any account with one, in this account's group. Other processes under that
        account are in another group, so they can neither enter the folder (`admit`) nor trace `initdb`. Raises
        NotFoundError (`database-account`) if the system names only root.
        """
        entries = pwd.getpwall()
        if self.uid is None or self.uid in {entry.pw_uid for entry in entries}:
            return self
        named = [entry for entry in entries if entry.pw_uid != 0]
        if not named:
            raise NotFoundError(
                "the embedded database cannot be created: this system has no user other than root",
                code="database-account",
                hint="Add a user to /etc/passwd, or set ARTLEDGER_DATABASE_URL.",
            )
        chosen = next((entry for entry in named if entry.pw_name == "nobody"), named[0])
        return replace(self, name=chosen.pw_name, uid=chosen.pw_uid)


def choose_account(run_as: str | None, folder: Path) -> Account:
    """The caller's own account; for root, the user `run_as` or an id used only for the clusters of `folder`.

    Creates the folder if it is missing and stores the id in it. Raises NotFoundError or ConflictError
    (`database-account`): no such user, root itself, or a system that does not let root become another user.
    """
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), None, None)
    return _own_account(folder) if run_as is None else _named_account(run_as)


def _named_account(name: str) -> Account:
    try:
        entry = pwd.getpwnam(name)
    except KeyError as error:
        raise NotFoundError(
            f"the embedded database cannot run as user {name!r}: there is no such user",
            code="database-account",
            hint="Name an existing unprivileged user in ARTLEDGER_POSTGRES_USER, or run artledger as one.",
        ) from error
    if entry.pw_uid == 0:
        raise ConflictError(
            f"the embedded database cannot run as {name!r}: PostgreSQL refuses to run as root",
            code="database-account",
        )
    return Account(name, entry.pw_uid, entry.pw_gid)


def _own_account(folder: Path) -> Account:
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    note = folder / "account"
    written = note.read_text() if note.is_file() else noted_once(note, lambda: str(secrets.choice(_free_ids())))
    if not written.strip().isdecimal() or int(written) not in OWN_IDS:
        raise ConflictError(
            f"{note} does not hold a user id from {OWN_IDS.start} to {OWN_IDS.stop - 1}",
            code="database-account",
            hint="Write the user id that owns the folder `cluster` beside it into that file. Delete the file if "
            "there is no cluster yet.",
        )
    account = Account(written.strip(), int(written), int(written))
    try:
        account.run(["/bin/sh", "-c", ":"])
    except OSError as error:
        raise ConflictError(
            f"the embedded database cannot run under user id {account.uid}: {error.strerror}",
            code="database-account",
            hint="Run artledger as an ordinary user, or name one in ARTLEDGER_POSTGRES_USER.",
        ) from error
    return account


def _free_ids() -> list[int]:
    """The ids of OWN_IDS that no user, group or process has."""
    running = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # the process has ended
            running.add(process.stat().st_uid)
    taken = running | {entry.pw_uid for entry in pwd.getpwall()} | {entry.gr_gid for entry in grp.getgrall()}
    free = [uid for uid in OWN_IDS if uid not in taken]
    if not free:
        raise NotFoundError(
            f"no user id from {OWN_IDS.start} to {OWN_IDS.stop - 1} is free for the embedded database",
            code="database-account",
            hint="Name an unprivileged user in ARTLEDGER_POSTGRES_USER.",
        )
    return free


def noted_once(note: Path, choose: Callable[[], str]) -> str:
    """The text of the file `note`, made by `choose` if missing. Of two processes at once, the first decides."""
    draft = note.with_name(f".{note.name}.{secrets.token_hex(16)}")
    draft.write_text(f"{choose()}\n")
    try:
        with suppress(FileExistsError):
            note.hardlink_to(draft)
    finally:
        draft.unlink()
    return note.read_text()
