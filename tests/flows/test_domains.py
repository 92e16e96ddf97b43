"""A domain that names an account is recorded with the day, as a commitment; nothing else proves one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ledger.app import Application
from ledger.errors import LedgerError, PushbackError
from ledger.flows.people import domains
from ledger.flows.people.domains import Domains
from ledger.outbound import Outbound, OutboundAnswer
from ledger.record.commitment import require_reveal
from ledger.record.predicates import DomainRecord
from tests.applications import application_with
from tests.conftest import DatabaseUrl
from tests.people import require_good_log


class Web(Outbound):
    """The public internet, as far as these tests need it."""

    pages: dict[str, OutboundAnswer]

    def send(self, method: str, url: str, body: bytes = b"", headers: Any = None) -> OutboundAnswer:
        if url not in _PAGES:
            raise PushbackError("nobody there", code="unreachable")
        return _PAGES[url]


_PAGES: dict[str, OutboundAnswer] = {}
_RECORDS: dict[str, list[str]] = {}


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    folder: Path = tmp_path_factory.mktemp("domains") / "data"
    with application_with(database_server, template, folder) as opened:
        yield opened


@pytest.fixture
def proving(application: Application) -> Domains:
    _PAGES.clear()
    _RECORDS.clear()
    return replace(application.people.domains, outbound=Web(), text_records=lambda name: _RECORDS.get(name, []))


def refused(call: Any) -> str:
    with pytest.raises(LedgerError) as caught:
        call()
    return caught.value.code


def test_a_file_proves_a_domain_and_the_log_does_not_name_it(application: Application, proving: Domains) -> None:
    ada = application.people.accounts.create("artist", "Ada Domains").account_id
    challenge = proving.challenge(ada, " Ada.Example. ")
    assert (challenge.domain, challenge.dns_name) == ("ada.example", "_artledger.ada.example")
    assert refused(lambda: proving.verify(ada, "ada.example", "well-known")) == "unreachable"
    _PAGES[challenge.url] = OutboundAnswer(404, challenge.text.encode())
    assert refused(lambda: proving.verify(ada, "ada.example", "well-known")) == "domain-not-proven"
    _PAGES[challenge.url] = OutboundAnswer(200, b"artledger-account=" + b"0" * 36)
    assert refused(lambda: proving.verify(ada, "ada.example", "well-known")) == "domain-not-proven"
    assert proving.of([ada]) == {}
    _PAGES[challenge.url] = OutboundAnswer(200, f"# mine\n{challenge.text}\n".encode())
    proven = proving.verify(ada, "ada.example", "well-known")
    entry = application.records.entry(proven.record_id)
    assert b"ada.example" not in entry.payload
    record = entry.statement.predicate
    assert isinstance(record, DomainRecord)
    with application.store.database.begin() as connection:
        key = connection.execute(sa.text("SELECT domain_key FROM verified_domain")).scalar_one()
    require_reveal(record.domain, bytes(key), {"domain": "ada.example"})
    assert application.records.answer(entry).reference == "A domain names Ada Domains as its holder (well-known)."
    size = application.store.entries.head().size
    assert proving.verify(ada, "ada.example", "well-known") == proven
    assert application.store.entries.head().size == size, "once a day"
    assert application.people.inbox.newest(ada, 1)[0].reason == "own-name"
    require_good_log(application)


def test_a_dns_record_proves_a_domain(application: Application, proving: Domains) -> None:
    bob = application.people.accounts.create("generator", "Bob Domains").account_id
    challenge = proving.challenge(bob, "bob.example")
    assert refused(lambda: proving.verify(bob, "bob.example", "dns")) == "domain-not-proven"
    _RECORDS[challenge.dns_name] = ["v=spf1 -all", challenge.text]
    assert proving.verify(bob, "bob.example", "dns").domain == "bob.example"


def test_a_proof_grows_old_and_there_are_not_many(
    application: Application, proving: Domains, monkeypatch: pytest.MonkeyPatch
) -> None:
    eve = application.people.accounts.create("artist", "Eve Domains").account_id
    for number in range(domains.MOST_DOMAINS):
        challenge = proving.challenge(eve, f"eve{number}.example")
        _RECORDS[challenge.dns_name] = [challenge.text]
        proving.verify(eve, challenge.domain, "dns")
    assert len(proving.of([eve])[eve]) == domains.MOST_DOMAINS
    assert refused(lambda: proving.verify(eve, "one-more.example", "dns")) == "too-many-domains"
    monkeypatch.setattr(domains, "LASTS", timedelta(0))
    assert proving.of([eve]) == {}


@pytest.mark.parametrize(
    "domain",
    ["", "example", "127.0.0.1", "ada.example:80", "ada.example/x", "https://ada.example", "bücher.example",
     "-a.example", "a..example", "a" * 64 + ".example", "x." * 127 + "example", "ada.123", "ada.example\n",
     "a_b.example"],
)  # fmt: skip
def test_what_is_no_domain(application: Application, proving: Domains, domain: str) -> None:
    if domain == "ada.example\n":
        assert proving.challenge("x", domain).domain == "ada.example"
    else:
        assert refused(lambda: proving.challenge("x", domain)) == "bad-domain"


def test_administrators_prove_nothing(application: Application, proving: Domains) -> None:
    someone = application.people.accounts.create("administrator", "Root").account_id
    assert refused(lambda: proving.verify(someone, "root.example", "dns")) == "role-without-keys"


def test_erasing_a_person_erases_their_domain(application: Application, proving: Domains) -> None:
    fay = application.people.accounts.create("artist", "Fay Domains").account_id
    challenge = proving.challenge(fay, "fay.example")
    _RECORDS[challenge.dns_name] = [challenge.text]
    proving.verify(fay, "fay.example", "dns")
    application.works.person_erasure.erase(fay)
    assert proving.of([fay]) == {}
    require_good_log(application)
