"""The verifier as one file: opened from a disk it accepts what the Python verifier accepts, and refuses the rest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, FilePayload, Page, expect

from api.pages.standalone import standalone
from ledger.app import Application
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.note import parse_note


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The saved file, opened from the disk."""
    saved = tmp_path_factory.mktemp("saved") / "artledger-verifier.html"
    saved.write_bytes(standalone().data)
    opened = browser.new_page()
    messages: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: messages.append(message.text))
    opened.on("pageerror", lambda error: messages.append(str(error)))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(saved.as_uri())
    yield opened
    assert messages == []
    assert asked == [saved.as_uri()], "it loads nothing"


@pytest.fixture(scope="module")
def bundle(application: Application, drawing: bytes) -> bytes:
    answer = application.pictures.verify(drawing)
    application.log.settle()
    return application.records.bundle(answer.record_id)


def verdict(page: Page, data: bytes, log_key: str, record_keys: list[str]) -> tuple[str, dict[str, str]]:
    """What it says of a file, and the state of each check."""
    page.locator("#file").set_input_files({"name": "file", "mimeType": "application/json", "buffer": data})
    page.locator("#log-key").fill(log_key)
    page.locator("#record-keys").fill(" ".join(record_keys))
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#verdict")).not_to_have_attribute("data-status", "")
    checks = page.locator("#checks li").evaluate_all(
        "found => found.map(each => [each.dataset.check, each.dataset.status])"
    )
    return str(page.locator("#verdict").get_attribute("data-status")), dict(checks)


def test_a_bundle_verifies_and_says_what_it_is_about(page: Page, application: Application, bundle: bytes) -> None:
    said, checks = verdict(page, bundle, application.log.vkey, application.log.record_keys)
    assert said == "passed"
    assert list(checks.values()) == ["passed"] * 5 + ["not-checked"] * 2
    assert "verification " in page.locator("[data-check='The statement is one of this format']").inner_text()


def test_it_agrees_with_the_other_verifier_on_altered_bundles(
    page: Page, application: Application, bundle: bytes, verify_offline: Callable[[bytes], bool]
) -> None:
    document = json.loads(bundle)
    proof = document["proof"].split("\n")

    def altered(**changes: object) -> bytes:
        return json.dumps({**document, **changes}, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()

    envelope = document["envelope"]
    signature = envelope["signatures"][0]
    cases = {
        "payload": altered(envelope={**envelope, "payload": envelope["payload"][:-8] + "AAAAAAA="}),
        "signature": altered(envelope={**envelope, "signatures": [{**signature, "sig": "A" * 86 + "=="}]}),
        "no signature": altered(envelope={**envelope, "signatures": []}),
        "index": altered(proof=document["proof"].replace("index ", "index 1", 1)),
        "path": altered(proof="\n".join([*proof[:3], *proof[4:]])),
        "media type": altered(mediaType="application/json"),
        "spaces": json.dumps(document).encode(),
        "cut": bundle[:-20],
    }
    for name, data in cases.items():
        assert not verify_offline(data), name
        said, checks = verdict(page, data, application.log.vkey, application.log.record_keys)
        assert said == "failed", name
        assert list(checks.values()).count("failed") == 1, name


def test_keys_decide(page: Page, application: Application, bundle: bytes) -> None:
    other = "00" * 31 + "02"
    assert verdict(page, bundle, application.log.vkey, [other])[0] == "failed"
    assert verdict(page, bundle, "somebody.example+00000000+AAAA", application.log.record_keys)[0] == "failed"


def test_a_checkpoint_alone(page: Page, application: Application, bundle: bytes) -> None:
    data = application.log.objects.get("checkpoint")
    assert data is not None
    said, checks = verdict(page, data, application.log.vkey, [])
    assert (said, list(checks.values())) == ("passed", ["passed"])
    size = parse_checkpoint(parse_note(data).text).size
    assert f"{size} entries" in page.locator("#checks").inner_text()
    forged = data.replace(f"\n{size}\n".encode(), f"\n{size + 1}\n".encode(), 1)
    assert verdict(page, forged, application.log.vkey, [])[0] == "failed"


def test_the_keys_of_a_service_fill_both_fields(page: Page, client: TestClient, application: Application) -> None:
    document = client.get("/.well-known/artledger.json").content
    keys: FilePayload = {"name": "artledger.json", "mimeType": "application/json", "buffer": document}
    page.locator("#keys-file").set_input_files(keys)
    expect(page.locator("#log-key")).to_have_value(application.log.vkey)
    expect(page.locator("#record-keys")).to_have_value(" ".join(application.log.record_keys))
    page.locator("#keys-file").set_input_files({"name": "x", "mimeType": "text/plain", "buffer": b"no keys"})
    expect(page.locator("#verdict")).to_contain_text("That file has no keys")


def test_its_digest_is_published_and_it_is_served_as_it_is(client: TestClient) -> None:
    said = client.get("/.well-known/artledger.json").json()["verifier"]
    served = client.get(said["path"])
    assert hashlib.sha256(served.content).hexdigest() == said["sha256"] == standalone().sha256
    assert served.headers["content-security-policy"].startswith("default-src 'none'; script-src 'sha256-")
    assert len(served.content) < 60_000
