"""The story's acts as commands."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ledger.record.predicates import ClaimType, ClaimVerdict
from tests.cli.commands import Commands
from tests.e2e.story import Answer, Cast, Generated, Person, Refused, Surface


@dataclass(frozen=True, slots=True)
class ByCommand:
    """Surface. Everybody comes to the one machine, with a key file of their own."""

    commands: Commands
    data: Path
    folder: Path
    """For files on the way."""

    @property
    def log(self) -> str:
        return str(self.data / "log")

    def person(self, role: Literal["artist", "auditor"], name: str) -> Person:
        key = self.folder / f"{name}.pem"
        keyid = str(self._run("keys", "new", "--out", key)["keyid"])
        if role == "artist":
            account_id = self._run("artist", "register", name, "--key", key)["artist_id"]
        else:
            account_id = self._run("accounts", "create", name, "--role", role)["account_id"]
            self._run("keys", "announce", account_id, "--key", key)
        return Person(account_id, name, key, keyid)

    def register(self, artist: Person, file: Path, title: str, credit: str) -> str:
        portfolio = self.folder / file.stem
        portfolio.mkdir()
        shutil.copy(file, portfolio)
        with (portfolio / "labels.csv").open("w", newline="") as labels:
            csv.writer(labels).writerows([("file", "title"), (file.name, title)])
        said = ("--artist", artist.account_id, "--key", artist.key, "--licence", "CC-BY-4.0", "--credit-line", credit)
        (work_id,) = self._run("corpus", "ingest", portfolio, *said)["registered_ids"]
        return str(work_id)

    def generate(self, prompt: str, side: int) -> Generated:
        out = self.folder / "generated.png"
        size = ("--width", str(side), "--height", str(side))
        made = self._run("generate", prompt, "--seed", "7", "--steps", "2", *size, "--out", out)
        return Generated(made["record_id"], made["guard"], out.read_bytes())

    def claim(self, by: Person, claim_type: ClaimType, picture: Path, works: Sequence[str], text: str | None) -> Answer:
        named = [argument for work in works for argument in ("--work", work)]
        said = () if text is None else ("--text", text)
        return self._run("claim", "file", claim_type, picture, *self._as(by), *named, *said)

    def respond(self, by: Person, claim_id: str, text: str) -> Answer:
        return self._run("claim", "respond", claim_id, *self._as(by), "--text", text)

    def resolve(self, by: Person, claim_id: str, outcome: ClaimVerdict, text: str) -> Answer:
        return self._run("claim", "resolve", claim_id, "--outcome", outcome, *self._as(by), "--text", text)

    def look_up(self, picture: Path) -> Answer:
        return self._run("lookup", picture)

    def record(self, record_id: str) -> Answer:
        return self._run("lookup", record_id)

    def bundle(self, claim_id: str) -> bytes:
        out = self.folder / f"{claim_id}.json"
        self._run("claim", "show", claim_id, "--bundle", out)
        return out.read_bytes()

    def usage(self, artist: Person, since: str) -> bytes:
        out = self.folder / "usage.json"
        self._run("artist", "usage", artist.account_id, "--since", since, "--out", out)
        return out.read_bytes()

    def withdraw(self, artist: Person, work_id: str) -> Answer:
        return self._run("artist", "withdraw", work_id, "--key", artist.key)

    def told(self, cast: Cast) -> str:
        """In words and in JSON: names stand in different places there."""
        asked: list[tuple[str | Path, ...]] = [
            ("accounts", "show"), ("claim", "list"), ("artist", "uses", cast.artist.account_id),
            *(("lookup", picture) for picture in cast.pictures),
        ]  # fmt: skip
        shown: list[tuple[str | Path, ...]] = [("claim", "show", claim_id) for claim_id in cast.claims]
        ran = [self.commands(*each) for each in [*asked, *shown, ("corpus", "stats")]]
        ran += [self.commands(*each, "--json") for each in asked]
        assert all(each.code == 0 for each in ran)
        return "\n".join(each.stdout + each.stderr for each in ran)

    def publish(self) -> None:
        """Each command does before it ends."""

    def _as(self, by: Person) -> tuple[str | Path, ...]:
        return "--by", by.account_id, "--key", by.key

    def _run(self, *arguments: str | Path) -> Answer:
        ran = self.commands(*arguments, "--json", "--quiet")
        if ran.code:
            raise Refused(ran.json["error"]["code"])
        answer: Answer = ran.json
        return answer


@contextmanager
def by_command(commands: Commands, data: Path, folder: Path) -> Iterator[Surface]:
    yield ByCommand(commands, data, folder)
