"""`--server URL`: a remote artist does with a token what a local one does on a data folder, sign included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.ui.remote import TOKEN
from ledger.answers.roles import AccountRole
from ledger.app import Application
from ledger.flows.people.principal import SCOPES_OF_ROLE
from tests.api.serving import served
from tests.applications import application_with
from tests.cli.commands import UNKNOWN_ID, Commands
from tests.conftest import DatabaseUrl
from tests.generated import encoded
from tests.match.drawings import drawing
from tests.people import require_good_log


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    folder: Path = tmp_path_factory.mktemp("server") / "data"
    with application_with(database_server, template, folder, publish_interval=0.2) as opened:
        yield opened


@pytest.fixture(scope="module")
def url(application: Application) -> Iterator[str]:
    with served(application) as url:
        yield url


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(capsys)


class Person:
    """An account, the token of which is in the environment while the person works."""

    def __init__(self, application: Application, role: AccountRole, name: str, folder: Path) -> None:
        self.account_id = application.people.accounts.create(role, name).account_id
        self.token = application.people.accounts.issue_token(self.account_id, SCOPES_OF_ROLE[role]).secret
        self.key = folder / f"{name}.pem"

    def work(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(TOKEN, self.token)


def test_the_story(
    application: Application, url: str, command: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ada, bob = (Person(application, "artist", name, tmp_path) for name in ("Ada", "Bob"))
    vera = Person(application, "auditor", "Vera", tmp_path)
    at = ("--server", url, "--json")
    for person in (ada, bob, vera):
        person.work(monkeypatch)
        assert command("keys", "new", "--out", person.key).code == 0
        announced = command("keys", "announce", "--key", person.key, *at)
        assert announced.code == 0, announced.stderr
        assert announced.json["holder_id"] == person.account_id

    ada.work(monkeypatch)
    pictures = [tmp_path / f"red_star {number}.png" for number in (1, 2)]
    for number, path in enumerate(pictures):
        path.write_bytes(encoded(drawing(950 + number), "PNG"))
    added = command("artist", "add", *pictures, "--licence", "CC-BY-4.0", "--key", ada.key, *at)
    assert added.code == 0, added.stderr
    assert [each["work"]["title"] for each in added.json] == ["red star 1", "red star 2"]
    again = command("artist", "add", pictures[0], "--licence", "CC-BY-4.0", "--key", ada.key, *at)
    assert (again.code, again.json[0]["error"]["code"]) == (0, "already-registered")
    works = [each["work"]["work_id"] for each in added.json]
    changed = command("artist", "consent", works[0], "--uses", "match,train", "--key", ada.key, *at)
    assert changed.code == 0, changed.stderr
    assert application.works.catalogue.work(works[0]).allowed_uses == ("match", "train")

    copy = tmp_path / "copy.jpg"
    copy.write_bytes(encoded(drawing(951).resize((300, 300)), "JPEG", quality=80))
    looked = command("lookup", copy, *at)
    assert looked.code == 0, looked.stderr
    assert looked.json["headline"]["answer"] == "edited-copy"
    bundle = tmp_path / "copy.bundle.json"
    verified = command("verify", copy, "--bundle", bundle, "--fail-on", "copy", *at)
    assert verified.code == 1, verified.stderr
    assert command("audit", "bundle", bundle, "--key", application.log.vkey).code in (0, 4)
    assert command("lookup", verified.json["record_id"], *at).json["record_id"] == verified.json["record_id"]

    reveal = tmp_path / "reveal.json"
    filed = command(
        "claim",
        "file",
        "copies-work",
        copy,
        "--work",
        works[0],
        "--text",
        "Mine.",
        "--key",
        ada.key,
        "--reveal",
        reveal,
        *at,
    )
    assert filed.code == 0, filed.stderr
    assert reveal.exists()
    claim_id = filed.json["claim_id"]
    bob.work(monkeypatch)
    assert command("claim", "respond", claim_id, "--text", "No.", "--key", bob.key, *at).code == 0
    vera.work(monkeypatch)
    decided = command("claim", "resolve", claim_id, "--outcome", "supported", "--text", "Yes.", "--key", vera.key, *at)
    assert decided.json["state"]["says"] == "resolved: supported by Vera"
    listed = command("claim", "list", "--standing", "decided", *at).json["claims"]
    assert [each["claim_id"] for each in listed] == [claim_id]
    assert command("claim", "show", claim_id, "--bundle", tmp_path / "claim.json", *at).json == listed[0]
    assert command("claim", "review", claim_id, *at).code == 0

    ada.work(monkeypatch)
    assert command("artist", "withdraw", works[1], "--key", ada.key, *at).code == 0
    assert application.works.catalogue.work(works[1]).withdrawn
    require_good_log(application)


def test_what_a_server_does_not_do_is_said(url: str, command: Commands, tmp_path: Path) -> None:
    refused = command("db", "check", "--server", url, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "needs-data-folder")
    refused = command("artist", "withdraw", "A title", "--server", url, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "id-needed")
    refused = command("claim", "respond", UNKNOWN_ID, "--text", "No.", "--server", url, "--json")
    assert refused.json["error"]["code"] == "token-required"


@pytest.mark.parametrize(
    "server",
    ["ledger.example.org", "http://ledger.example.org", "https://", "https://a:b@c.example", "ftp://x.example"],
)
def test_where_no_token_is_sent(command: Commands, server: str) -> None:
    refused = command("lookup", UNKNOWN_ID, "--server", server, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "bad-server")


def test_nobody_there(command: Commands) -> None:
    refused = command("lookup", "0" * 64, "--server", "http://127.0.0.1:1", "--json")
    assert refused.json["error"]["code"] == "service-lost"
