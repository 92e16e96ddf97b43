"""The story's acts as requests: each person with a token, and with a key that signs offline (`artledger keys sign`)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import httpx2

from ledger.app import open_application
from ledger.flows.people.principal import SCOPES_OF_ROLE
from ledger.record.predicates import ClaimType, ClaimVerdict
from tests.api.serving import served
from tests.applications import GENEROUS
from tests.cli.commands import Commands
from tests.e2e.story import Answer, Cast, Generated, Person, Refused, Surface

PATIENCE = 60.0
"""Seconds to wait for the publisher."""


@dataclass(frozen=True, slots=True)
class OverHttp:
    """Surface. The person at the machine makes the first administrator; the rest goes over HTTP."""

    client: httpx2.Client
    commands: Commands
    folder: Path
    """For files on the way."""
    tokens: dict[str, str] = field(default_factory=dict)
    """By account."""

    @property
    def log(self) -> str:
        return str(self.client.base_url).rstrip("/")

    def open(self) -> None:
        """Makes the administrator, whose token makes all other accounts."""
        made = self.commands("accounts", "create", "Root", "--role", "administrator", "--json", "--quiet").json
        issued = self.commands("accounts", "token", made["account_id"], "--scope", "accounts", "--json", "--quiet").json
        self.tokens["administrator"] = issued["secret"]

    def person(self, role: Literal["artist", "auditor"], name: str) -> Person:
        account_id = self._post("/v1/accounts", "administrator", json={"role": role, "name": name})["account_id"]
        scopes: dict[str, Any] = {"scopes": sorted(SCOPES_OF_ROLE[role])}
        issued = self._post(f"/v1/accounts/{account_id}/tokens", "administrator", json=scopes)
        self.tokens[account_id] = issued["secret"]
        key = self.folder / f"{name}.pem"
        made = self.commands("keys", "new", "--out", key, "--json", "--quiet").json
        person = Person(account_id, name, key, made["keyid"])
        draft = self._prepared("/v1/keys", person, json={"public_key": made["public_key"]})
        self._post("/v1/keys", account_id, json=self._signed(person, draft))
        return person

    def register(self, artist: Person, file: Path, title: str, credit: str) -> str:
        said = {"title": title, "licence": "CC-BY-4.0", "credit_line": credit}
        draft = self._prepared("/v1/works", artist, files=_form(file, "work", said))
        signed = {"envelope": self._signed(artist, draft), "metadata_key": draft["metadata_key"]}
        made = self._post("/v1/works", artist.account_id, files=_form(file, "work", said | {"signed": signed}))
        return str(made["work"]["work_id"])

    def generate(self, prompt: str, side: int) -> Generated:
        asked = {"prompt": prompt, "seed": 7, "steps": 2, "width": side, "height": side}
        (made,) = self._post("/v1/generations", json=asked)["images"]
        return Generated(made["record_id"], made["guard"], base64.b64decode(made["image"]))

    def claim(self, by: Person, claim_type: ClaimType, picture: Path, works: Sequence[str], text: str | None) -> Answer:
        said = {"claim_type": claim_type, "works": list(works), "text": text}
        draft = self._prepared("/v1/claims", by, files=_form(picture, "claim", said))
        return self._post("/v1/claims", by.account_id, files=_form(picture, "claim", self._sent(by, draft)))

    def respond(self, by: Person, claim_id: str, text: str) -> Answer:
        return self._said(by, f"/v1/claims/{claim_id}/responses", {"text": text})

    def resolve(self, by: Person, claim_id: str, outcome: ClaimVerdict, text: str) -> Answer:
        return self._said(by, f"/v1/claims/{claim_id}/resolutions", {"outcome": outcome, "text": text})

    def look_up(self, picture: Path) -> Answer:
        return self._post("/v1/lookups", files={"image": picture.read_bytes()})

    def record(self, record_id: str) -> Answer:
        return _answer(self.client.get(f"/v1/records/{record_id}"))

    def bundle(self, claim_id: str) -> bytes:
        return self._published(f"/v1/claims/{claim_id}/bundle").content

    def usage(self, artist: Person, since: str) -> bytes:
        until = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        path = f"/v1/artists/{artist.account_id}/usage"
        made = self._post(path, artist.account_id, params={"since": since, "until": until})
        self._published(made["record"]["links"]["bundle"])
        return self.client.get(made["links"]["statement"]).raise_for_status().content

    def withdraw(self, artist: Person, work_id: str) -> Answer:
        path = f"/v1/works/{work_id}/withdrawals"
        draft = self._prepared(path, artist, json={})
        return self._post(path, artist.account_id, json={"envelope": self._signed(artist, draft)})

    def told(self, cast: Cast) -> str:
        """By every way that leads to an artist, as JSON and as pages."""
        artist_id = cast.artist.account_id
        paths = [
            f"/v1/artists/{artist_id}", f"/v1/artists/{artist_id}/works", f"/v1/artists/{artist_id}/uses",
            f"/artists/{artist_id}", "/v1/claims", f"/v1/records?artist_id={artist_id}", "/",
            *(f"{prefix}/works/{work_id}" for work_id in cast.works for prefix in ("", "/v1")),
            *(f"{prefix}/claims/{claim_id}" for claim_id in cast.claims for prefix in ("", "/v1")),
        ]  # fmt: skip
        texts = [self.client.get(path).raise_for_status().text for path in paths]
        for picture in cast.pictures:
            for path in ("/v1/lookups", "/lookup"):
                found = self.client.post(path, files={"image": (picture.name, picture.read_bytes())})
                texts.append(found.raise_for_status().text)
        return "\n".join(texts)

    def publish(self) -> None:
        give_up = time.monotonic() + PATIENCE
        while True:
            ready = _answer(self.client.get("/readyz"))
            if ready["log"]["committed"] == ready["log"]["published"]:
                return
            assert time.monotonic() < give_up, ready
            time.sleep(0.05)

    def _published(self, path: str) -> httpx2.Response:
        """Asks again while it is answered that no checkpoint covers it yet."""
        give_up = time.monotonic() + PATIENCE
        while (answer := self.client.get(path)).status_code == 503:
            assert "retry-after" in answer.headers
            assert time.monotonic() < give_up, answer.text
            time.sleep(0.05)
        return answer.raise_for_status()

    def _said(self, by: Person, path: str, said: Answer) -> Answer:
        draft = self._prepared(path, by, json=said)
        return self._post(path, by.account_id, json=self._sent(by, draft))

    def _sent(self, by: Person, draft: Answer) -> Answer:
        return {"envelope": self._signed(by, draft), "text": draft["text"], "text_key": draft["text_key"]}

    def _signed(self, by: Person, draft: Answer) -> Answer:
        """On a machine of their own."""
        prepared = self.folder / "prepared.json"
        prepared.write_text(json.dumps(draft))
        ran = self.commands("keys", "sign", prepared, "--key", by.key, "--json", "--quiet")
        assert ran.code == 0, ran.stderr
        envelope: Answer = ran.json
        return envelope

    def _prepared(self, path: str, by: Person, **body: Any) -> Answer:
        return self._post(path, by.account_id, params={"prepare": "true"}, **body)

    def _post(self, path: str, account: str | None = None, **body: Any) -> Answer:
        headers = {} if account is None else {"authorization": f"Bearer {self.tokens[account]}"}
        return _answer(self.client.post(path, headers=headers, **body))


def _answer(response: httpx2.Response) -> Answer:
    answer: Answer = response.json()
    if response.status_code >= 400:
        raise Refused(answer["code"])
    return answer


def _form(picture: Path, name: str, said: Answer) -> dict[str, tuple[str | None, bytes]]:
    return {"image": (picture.name, picture.read_bytes()), name: (None, json.dumps(said).encode())}


@contextmanager
def over_http(commands: Commands, data: Path, folder: Path) -> Iterator[Surface]:
    """The service in this process, on the same ledger as the administrator's commands."""
    with (
        open_application(data_dir=data, publish_interval=0.1, **GENEROUS) as application,
        served(application) as url,
        httpx2.Client(base_url=url, timeout=60) as client,
    ):
        surface = OverHttp(client, commands, folder)
        surface.open()
        yield surface
