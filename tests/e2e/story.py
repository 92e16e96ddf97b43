"""What a story of artists needs: people with keys of their own, a surface to act through, an auditor outside."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol
from unittest.mock import patch

from ledger.record.predicates import ClaimType, ClaimVerdict
from tests.cli.commands import Commands, Ran

Answer = dict[str, Any]
"""What a surface answered, the same in the JSON of commands and of HTTP."""
NO_LEDGER = {"ARTLEDGER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "ARTLEDGER_DATA_DIR": "/nowhere"}


@dataclass(frozen=True, slots=True)
class Person:
    """An account, and the key that nobody but its holder has."""

    account_id: str
    name: str
    key: Path
    keyid: str


@dataclass(frozen=True, slots=True)
class Generated:
    record_id: str
    guard: str
    file: bytes
    """As it was handed out."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody and everything that a search for what is named of somebody looks at."""

    artist: Person
    works: tuple[str, ...]
    claims: tuple[str, ...]
    pictures: tuple[Path, ...]


class Refused(Exception):  # noqa: N818 - what happened, not a failure of the test
    """By its stable code."""


class Surface(Protocol):
    """How people act on a ledger; raises Refused where they are turned away."""

    @property
    def log(self) -> str:
        """Where the log is published: a folder or a URL."""

    def person(self, role: Literal["artist", "auditor"], name: str) -> Person:
        """With an account, and a key that the log announces."""

    def register(self, artist: Person, file: Path, title: str, credit: str) -> str:
        """The id of a work that its artist signed."""

    def generate(self, prompt: str, side: int) -> Generated: ...

    def claim(
        self, by: Person, claim_type: ClaimType, picture: Path, works: Sequence[str], text: str | None
    ) -> Answer: ...

    def respond(self, by: Person, claim_id: str, text: str) -> Answer: ...

    def resolve(self, by: Person, claim_id: str, outcome: ClaimVerdict, text: str) -> Answer: ...

    def look_up(self, picture: Path) -> Answer: ...

    def record(self, record_id: str) -> Answer: ...

    def bundle(self, claim_id: str) -> bytes:
        """A claim's, published."""

    def usage(self, artist: Person, since: str) -> bytes:
        """A statement of use until now, its record published."""

    def withdraw(self, artist: Person, work_id: str) -> Answer: ...

    def told(self, cast: Cast) -> str:
        """All that is answered about an artist, whatever way one asks."""

    def publish(self) -> None:
        """Returns when a checkpoint covers everything so far."""


@dataclass(frozen=True, slots=True)
class Auditor:
    """Outside: with the log's key and with files, without the ledger."""

    commands: Commands
    vkey: str

    def claim(self, bundle: Path) -> Ran:
        return self._run("claim", bundle)

    def usage(self, statement: Path, log: str) -> Ran:
        return self._run("usage", statement, "--log", log)

    def log(self, log: str) -> Ran:
        return self._run("log", log)

    def _run(self, *arguments: str | Path) -> Ran:
        with patch.dict(os.environ, NO_LEDGER):
            return self.commands("audit", *arguments, "--key", self.vkey, "--json", "--quiet")


@dataclass(slots=True)
class Story:
    """What has happened so far, and what an auditor makes of it."""

    surface: Surface
    auditor: Auditor
    folder: Path
    people: dict[str, Person] = field(default_factory=dict)
    works: dict[str, str] = field(default_factory=dict)
    """Ids, by title."""
    pictures: dict[str, Path] = field(default_factory=dict)
    claims: list[Answer] = field(default_factory=list)
    """As they were filed."""

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def audit_claims(self, moment: str) -> list[Path]:
        """Of every claim the bundle as it is now, checked with nothing but the log's key."""
        files = []
        for number, claim in enumerate(self.claims):
            files.append(self.file(f"{moment}-{number}.json", self.surface.bundle(claim["claim_id"])))
            self.require_verified(files[-1])
        return files

    def require_verified(self, bundle: Path) -> None:
        ran = self.auditor.claim(bundle)
        assert (ran.code, ran.json["verdict"]) == (0, "verified"), ran.stdout
        outcomes = {check["name"]: check["outcome"] for check in ran.json["checks"]}
        for name in ("records", "signatures of parties", "references", "verdict"):
            assert outcomes[name] == "passed", ran.stdout

    def audit_log(self) -> int:
        self.surface.publish()
        ran = self.auditor.log(self.surface.log)
        assert (ran.code, ran.json["verdict"]) == (0, "verified"), ran.stdout
        return int(ran.json["entries"])
