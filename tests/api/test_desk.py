"""The desk in a real browser: an artist makes a key, registers, states terms, claims; the accused answers; an auditor
decides; the artist leaves. Everything is signed in the browser, and an audit of the log accepts all of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from ledger.app import Application
from ledger.claim.standing import ClaimsWanted
from ledger.flows.people.principal import SCOPES_OF_ROLE
from ledger.record.keys import load_signer
from tests.api.serving import served
from tests.applications import application_with
from tests.conftest import DatabaseUrl
from tests.generated import encoded
from tests.match.drawings import drawing
from tests.people import require_good_log

PASSPHRASE = "correct horse battery"
WORKS = 12


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    folder = tmp_path_factory.mktemp("desk") / "data"
    with application_with(database_server, template, folder, publish_interval=0.2) as opened:
        yield opened


@pytest.fixture(scope="module")
def url(application: Application) -> Iterator[str]:
    with served(application) as url:
        yield url


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    paths = [folder / f"red_star-{number}.png" for number in range(WORKS)]
    for number, path in enumerate(paths):
        path.write_bytes(encoded(drawing(700 + number), "PNG"))
    return paths


class Desk:
    """One person's browser."""

    def __init__(self, browser: Browser, url: str, application: Application, role: str, name: str) -> None:
        self.url, self.name = url, name
        self.account_id = application.people.accounts.create(role, name).account_id  # type: ignore[arg-type]
        scopes = SCOPES_OF_ROLE[role]  # type: ignore[index]
        self.token = application.people.accounts.issue_token(self.account_id, scopes).secret
        self.context = browser.new_context(accept_downloads=True)
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.url}{path}")
        return self.page

    def sign_in(self, path: str = "/me") -> None:
        page = self.go(path)
        page.get_by_label("Token of your account").fill(self.token)
        page.get_by_role("button", name="Sign in").click()

    def make_key(self, folder: Path) -> Path:
        page = self.go("/me/key")
        page.get_by_label("New passphrase").fill(PASSPHRASE)
        page.get_by_label("The same again").fill(PASSPHRASE)
        downloads: list[Path] = []

        def keep(download: object) -> None:
            path = folder / download.suggested_filename  # type: ignore[attr-defined]
            download.save_as(path)  # type: ignore[attr-defined]
            downloads.append(path)

        page.on("download", keep)
        page.get_by_role("button", name="Make the key and announce it").click()
        expect(page.get_by_role("status").first).to_contain_text("Your key is on the log")
        page.remove_listener("download", keep)
        return next(path for path in downloads if path.suffix == ".pem")

    def unlock(self, form: str = "form") -> None:
        self.page.locator(f"{form} fieldset.key").get_by_label("Passphrase of your key").fill(PASSPHRASE)

    def close(self) -> None:
        self.context.close()
        assert self.said == [], "the pages keep to their own content security policy"


@pytest.fixture(scope="module")
def ada(browser: Browser, url: str, application: Application) -> Iterator[Desk]:
    desk = Desk(browser, url, application, "artist", "Ada Example")
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def bob(browser: Browser, url: str, application: Application) -> Iterator[Desk]:
    desk = Desk(browser, url, application, "artist", "Bob <b>Other</b>")
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def vera(browser: Browser, url: str, application: Application) -> Iterator[Desk]:
    desk = Desk(browser, url, application, "auditor", "Vera Auditor")
    yield desk
    desk.close()


def test_the_whole_story(  # noqa: PLR0917 - three people and what they need
    application: Application, ada: Desk, bob: Desk, vera: Desk, pictures: list[Path], tmp_path: Path
) -> None:
    """One test, because each step stands on the one before."""
    ada.sign_in("/me/register")
    expect(ada.page.locator("h1")).to_have_text("Register works")
    key_file = ada.make_key(tmp_path)
    _the_command_line_reads(key_file)
    ada.go("/me/register")
    ada.page.get_by_label("Pictures. Choose some").set_input_files([str(each) for each in pictures])
    ada.page.get_by_label("Licence", exact=True).fill("CC-BY-4.0")
    ada.page.get_by_label("How to credit you").fill("© Ada Example")
    ada.unlock()
    ada.page.get_by_role("button", name="Register").click()
    expect(ada.page.locator("#register > [role=status]")).to_have_text(f"All {WORKS} registered.")
    expect(ada.page.locator("#files [data-state=done]")).to_have_count(WORKS)
    works = application.works.catalogue.works(ada.account_id, limit=200).works
    assert [work.title for work in works] == [f"red star {number}" for number in range(WORKS)]
    assert {(work.licence, work.credit_line) for work in works} == {("CC-BY-4.0", "© Ada Example")}

    ada.go(f"/me/works/{works[0].work_id}")
    ada.page.get_by_role("switch", name="train models").check()
    ada.unlock("#terms")
    ada.page.get_by_role("button", name="Record these terms").click()
    expect(ada.page.get_by_role("switch", name="train models")).to_be_checked()
    expect(ada.page.get_by_text("That is on the log now.")).to_be_visible()
    assert application.works.catalogue.work(works[0].work_id).allowed_uses == ("match", "train")

    bob.sign_in()
    bob.make_key(tmp_path)
    copied = tmp_path / "mine.jpg"
    copied.write_bytes(encoded(drawing(703).resize((320, 320)), "JPEG", quality=80))
    bob.go("/me/register")
    bob.page.get_by_label("Pictures. Choose some").set_input_files(str(copied))
    bob.unlock()
    bob.page.get_by_role("button", name="Register").click()
    expect(bob.page.locator("#files [data-state=done]")).to_contain_text("contested")

    ada.go("/me")
    expect(ada.page.get_by_role("link", name="Another artist registered the same picture as you did.")).to_be_visible()
    ada.go(f"/claims/new?work={works[3].work_id}")
    ada.page.get_by_label("claims that this picture copies a registered work").check()
    ada.page.get_by_label("The picture’s file").set_input_files(str(copied))
    ada.page.get_by_label("In your own words").fill("This is my star. <script>alert(1)</script>")
    ada.page.get_by_role("button", name="What would the rules say?").click()
    expect(ada.page.locator("#expected")).not_to_be_empty()
    assert not application.claims.reading.page().claims, "a forecast records nothing"
    forecast = ada.page.locator("#expected").inner_text()
    ada.unlock("#file-it")
    ada.page.get_by_role("button", name="Sign and file the claim").click()
    ada.page.wait_for_url(re.compile("/claims/[0-9a-f]{8}-"))
    (claim,) = application.claims.reading.page().claims
    assert claim.signed
    assert claim.verdict is not None
    assert claim.verdict.verdict == forecast
    expect(ada.page.locator("h1")).to_contain_text("claims that this picture copies a registered work")
    assert application.claims.reading.page(ClaimsWanted(about=bob.account_id)).claims == (claim,)

    bob.go("/me")
    bob.page.get_by_role("link", name="A claim is about a work or a picture of yours.").click()
    bob.page.get_by_role("link", name="Answer this claim").click()
    bob.page.get_by_label("In your own words").fill("I drew it from a photograph.")
    bob.unlock()
    bob.page.get_by_role("button", name="Sign and send").click()
    expect(bob.page.get_by_text("I drew it from a photograph.")).to_be_visible()

    vera.sign_in(f"/me/claims/{claim.claim_id}")
    vera.make_key(tmp_path)
    vera.go(f"/me/claims/{claim.claim_id}")
    vera.page.get_by_label("Your decision").select_option("supported")
    vera.page.get_by_label("In your own words").fill("Ada registered it first, and showed her drafts.")
    vera.unlock()
    vera.page.get_by_role("button", name="Sign and send").click()
    expect(vera.page.locator(".state").first).to_contain_text("resolved: supported by Vera Auditor")

    bob.go("/me/inbox")
    expect(bob.page.get_by_role("link", name="An auditor decided a claim that concerns you.")).to_be_visible()
    bob.page.get_by_role("button", name="Mark all as read").click()
    expect(bob.page.get_by_text("0 unread.")).to_be_visible()

    bob.go(f"/me/works/{application.works.catalogue.works(bob.account_id).works[0].work_id}")
    bob.page.get_by_label("I want to withdraw it").check()
    bob.unlock("#withdraw")
    bob.page.get_by_role("button", name="Withdraw it").click()
    expect(bob.page.get_by_text("Withdrawn.")).to_be_visible()

    ada.go("/me/erase")
    ada.page.get_by_label("Write your name").fill("Ada Example")
    ada.unlock()
    ada.page.get_by_role("button", name="Erase it").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("Everything that was kept of you is erased.")
    assert application.works.catalogue.artist(ada.account_id).name == ""
    assert all(work.withdrawn for work in application.works.catalogue.works(ada.account_id, limit=200).works)
    require_good_log(application)


def _the_command_line_reads(key_file: Path) -> None:
    """The browser's key file is one that openssl and the command line read."""
    key_file.chmod(0o600)
    signer = load_signer(key_file, PASSPHRASE.encode(), own_folder=False)
    assert len(signer.keyid) == 64
    read = subprocess.run(
        ["openssl", "pkey", "-in", str(key_file), "-passin", "env:P", "-noout", "-text"],
        env=os.environ | {"P": PASSPHRASE}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "ED25519" in read.stdout


def test_a_key_of_the_command_line_signs_in_the_browser(
    browser: Browser, url: str, application: Application, tmp_path: Path
) -> None:
    """Encrypted as Python's cryptography does it; a wrong passphrase and another's key are refused in words."""
    eve = Desk(browser, url, application, "artist", "Eve Writes")
    eve.sign_in()
    out = tmp_path / "eve.pem"
    subprocess.run(
        [sys.executable, "-m", "cli.main", "keys", "new", "--out", str(out), "--passphrase"],
        env=os.environ | {"ARTLEDGER_OWN_KEY_PASSPHRASE": PASSPHRASE}, check=True, capture_output=True,
    )  # fmt: skip
    from ledger.flows.people.principal import LOCAL

    signer = load_signer(out, PASSPHRASE.encode(), own_folder=False)
    application.people.keys.announce(eve.account_id, signer, LOCAL)
    picture = tmp_path / "star.png"
    picture.write_bytes(encoded(drawing(730), "PNG"))
    eve.go("/me/register")
    eve.page.get_by_label("Pictures. Choose some").set_input_files(str(picture))
    status = eve.page.locator("#register > [role=status]")
    button = eve.page.get_by_role("button", name="Register")
    button.click()
    expect(status).to_have_text("choose your key file")
    eve.page.get_by_label("Key file").set_input_files(str(out))
    button.click()
    expect(status).to_have_text("type the passphrase of your key")
    eve.page.get_by_label("Passphrase of your key").fill("wrong")
    button.click()
    expect(status).to_have_text("the passphrase is wrong, or the file is damaged")
    eve.unlock()
    button.click()
    expect(status).to_have_text("All 1 registered.")
    assert eve.page.evaluate("localStorage.length") == 0, "a chosen file is not kept"
    eve.close()


def test_a_browser_without_ed25519_says_what_to_do(browser: Browser, url: str, application: Application) -> None:
    fay = Desk(browser, url, application, "artist", "Fay Old")
    fay.page.add_init_script("SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException('no'))")
    fay.sign_in()
    page = fay.go("/me/key")
    page.get_by_label("New passphrase").fill(PASSPHRASE)
    page.get_by_label("The same again").fill(PASSPHRASE)
    page.get_by_role("button", name="Make the key and announce it").click()
    expect(page.locator("#make-key [role=status]")).to_contain_text(
        "WebCrypto does not know Ed25519. Make the key with"
    )
    assert not application.people.keys.states(fay.account_id)
    fay.close()


def test_a_connection_that_is_cut_loses_nothing(
    browser: Browser, url: str, application: Application, pictures: list[Path]
) -> None:
    """The first upload breaks off; pressing the button again goes on, and registers nothing twice."""
    gus = Desk(browser, url, application, "artist", "Gus Cut")
    gus.sign_in()
    gus.go("/me/register")
    cut = {"left": 1}

    def route(each: Route) -> None:
        if cut["left"]:
            cut["left"] -= 1
            each.abort("connectionreset")
        else:
            each.continue_()

    gus.page.route("**/v1/works*", route)
    gus.page.get_by_label("Pictures. Choose some").set_input_files([str(each) for each in pictures[:2]])
    button, status = gus.page.get_by_role("button", name="Register"), gus.page.locator("#register > [role=status]")
    button.click()
    expect(status).to_contain_text("1 of 2 registered. Press the button again to try the others.")
    expect(gus.page.locator("#files [data-state=failed]")).to_have_count(1)
    button.click()
    expect(status).to_have_text("All 1 registered.")
    gus.page.get_by_label("Pictures. Choose some").set_input_files(str(pictures[0]))
    button.click()
    expect(gus.page.locator("#files [data-state=done]").last).to_contain_text("Registered before: ")
    assert len(application.works.catalogue.works(gus.account_id).works) == 2
    gus.said = [each for each in gus.said if "ERR_CONNECTION_RESET" not in each]
    gus.close()


def test_a_token_that_is_none(browser: Browser, url: str) -> None:
    page = browser.new_page()
    page.goto(f"{url}/me/works")
    page.get_by_label("Token of your account").fill("alt_nonsense")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("The token is unknown or no longer valid.")
    page.close()
