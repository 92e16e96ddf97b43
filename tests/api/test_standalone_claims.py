"""The verifier as one file reads claims: it refuses what the Python audit refuses about records, makers and rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from api.pages.standalone import standalone
from ledger.app import Application
from ledger.audit.checks import AuditVerdict
from ledger.audit.claims.claim import audit_claim
from tests.api.test_standalone import verdict
from tests.applications import application_with
from tests.conftest import DatabaseUrl
from tests.flows.people import artist, person
from tests.generated import encoded
from tests.match.drawings import drawing


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    saved = tmp_path_factory.mktemp("saved") / "artledger-verifier.html"
    saved.write_bytes(standalone().data)
    opened = browser.new_page()
    opened.goto(saved.as_uri())
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    folder: Path = tmp_path_factory.mktemp("claimed") / "data"
    with application_with(database_server, template, folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def bundles(application: Application, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A claim that was answered and decided; and another one."""
    ada, works = artist(application, "Ada", tmp_path_factory.mktemp("ada") / "works", drawing(901), drawing(902))
    bob, vera = person(application, "artist", "Bob"), person(application, "auditor", "Vera")
    claims = application.claims
    made = []
    for number in (0, 1):
        picture = encoded(drawing(901 + number).resize((300, 300)), "JPEG", quality=80)
        claim = ada.claim("copies-work", picture, works[number], text="Mine.")
        bob.respond(claim.claim_id, "No.")
        draft = claims.draft_resolution(claim.claim_id, vera.account_id, "supported", "Yes.", vera.principal)
        claims.resolve(claim.claim_id, vera.sent(draft.payload, draft.text, draft.text_key), vera.principal)
        made.append(claim.claim_id)
    application.log.settle()
    first, second = (claims.bundles.get(claim_id) for claim_id in made)
    return first, second


def both(page: Page, application: Application, data: bytes) -> tuple[bool, bool]:
    """Whether the browser and Python accept it."""
    keys = application.log.record_keys
    said, _ = verdict(page, data, application.log.vkey, keys)
    audit = audit_claim(data, application.log.vkey, [bytes.fromhex(key) for key in keys])
    return said == "passed", audit.verdict is not AuditVerdict.REFUTED


def test_a_claim_verifies(page: Page, application: Application, bundles: tuple[bytes, bytes]) -> None:
    for data in bundles:
        said, checks = verdict(page, data, application.log.vkey, application.log.record_keys)
        assert said == "passed", page.locator("#checks").inner_text()
        assert list(checks.values()) == ["passed"] * 7 + ["not-checked"] * 2
    assert both(page, application, bundles[0]) == (True, True)


Change = Callable[[dict[str, Any], dict[str, Any]], object]


def _flip(envelope: dict[str, Any]) -> None:
    payload = envelope["payload"]
    envelope["payload"] = payload[:40] + ("A" if payload[40] != "A" else "B") + payload[41:]


CHANGES: dict[str, Change] = {
    "another version": lambda claim, _: claim.update(mediaType="application/json"),
    "a member more": lambda claim, _: claim.update(more=1),
    "a payload": lambda claim, _: _flip(claim["responses"][0]["envelope"]),
    "a signature": lambda claim, _: claim["claim"]["envelope"]["signatures"][1].update(sig="A" * 86 + "=="),
    "the maker's signature left out": lambda claim, _: claim["claim"]["envelope"]["signatures"].pop(),
    "an index": lambda claim, _: claim["verdicts"][0].update(
        proof=claim["verdicts"][0]["proof"].replace("index ", "index 1", 1)
    ),
    "evidence left out": lambda claim, _: claim.update(evidence=[]),
    "one record of the evidence left out": lambda claim, _: claim["evidence"].pop(),
    "a response to another claim": lambda claim, other: claim["responses"].append(other["responses"][0]),
    "a verdict on another claim": lambda claim, other: claim.update(verdicts=other["verdicts"]),
    "another claim": lambda claim, other: claim.update(claim=other["claim"]),
    "a response as a resolution": lambda claim, _: claim.update(resolutions=claim["responses"], responses=[]),
    "a rule": lambda claim, _: claim["rules"]["rules"]["copies-work"][0].update(because="Because."),
    "the rules' version": lambda claim, _: claim["rules"].update(version=1),
}


@pytest.mark.parametrize("name", CHANGES)
def test_both_refuse(page: Page, application: Application, bundles: tuple[bytes, bytes], name: str) -> None:
    claim, other = (json.loads(data) for data in bundles)
    CHANGES[name](claim, other)
    data = json.dumps(claim, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    assert both(page, application, data) == (False, False)


def test_both_take_fewer_answers(page: Page, application: Application, bundles: tuple[bytes, bytes]) -> None:
    """Who leaves out an answer hides it; only the whole log shows that. Both say so, and agree."""
    claim = json.loads(bundles[0])
    claim["responses"] = []
    data = json.dumps(claim, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    assert both(page, application, data) == (True, True)


@pytest.mark.parametrize("data", [b"{}", b"[]", b'{"claim":1}', b"\xff", b'{"a":1,"a":2}'])
def test_what_is_no_claim(page: Page, application: Application, data: bytes) -> None:
    said, _ = verdict(page, data, application.log.vkey, application.log.record_keys)
    assert said == "failed"


def test_other_keys(page: Page, application: Application, bundles: tuple[bytes, bytes]) -> None:
    said, _ = verdict(page, bundles[0], application.log.vkey, ["11" * 32])
    assert said == "failed"
