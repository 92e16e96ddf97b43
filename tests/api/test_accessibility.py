"""axe-core finds nothing on any page in any state, light and dark; nothing scrolls sideways on a narrow screen; pages
are small and no request leaves the origin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from ledger.app import Application
from ledger.flows.people.principal import SCOPES_OF_ROLE
from tests.api.serving import served
from tests.applications import ART, application_with
from tests.conftest import DatabaseUrl
from tests.flows.people import artist, made_here, model_facts, person
from tests.generated import encoded
from tests.match.drawings import drawing

MOST_BYTES = 200_000
"""Of a page with its scripts and its style, without pictures."""
NARROW = {"width": 320, "height": 640}


@dataclass(frozen=True)
class Site:
    url: str
    paths: list[str]
    own_paths: list[str]
    token: str
    copy: Path
    plain: Path


@pytest.fixture(scope="module")
def site(database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With works, a copy, a generated picture, a claim that was answered and decided, and somebody signed in."""
    folder = tmp_path_factory.mktemp("accessible")
    with application_with(database_server, template, folder / "data", [ART], publish_interval=0.2) as application:
        yield from _site(application, folder)


def _site(application: Application, folder: Path) -> Iterator[Site]:
    ada, works = artist(application, "Ada Accessible", folder / "ada", drawing(801), drawing(802))
    bob = person(application, "artist", "Bob Accessible")
    copy, plain = folder / "copy.jpg", folder / "plain.png"
    copy.write_bytes(encoded(drawing(801).resize((380, 380)), "JPEG", quality=80))
    Image.new("RGB", (300, 300), "white").save(plain)
    verified = application.pictures.verify(copy.read_bytes())
    made_here(application, drawing(810, 256), model_facts("a model"))
    claim = ada.claim("copies-work", copy.read_bytes(), works[0], text="Mine.")
    bob.respond(claim.claim_id, "It is not.")
    generation = application.records.newest("generation", 1)[0]
    model_id = generation.statement["predicate"]["model"]["model_id"]
    application.log.settle()
    paths = [
        "/", "/works", f"/works/{works[0]}", "/artists", f"/artists/{ada.account_id}", "/models", f"/models/{model_id}",
        "/claims", f"/claims/{claim.claim_id}", "/log", "/gallery", "/how", "/limits", "/for-artists", "/for-auditors",
        "/operate", "/search?q=star", "/search?q=qqqq", f"/p/{'0' * 64}", f"/records/{verified.record_id}",
        f"/records/{generation.record_id}", "/me", "/nothing", "/verify",
    ]  # fmt: skip
    own_paths = [
        "/me", "/me/inbox", "/me/key", "/me/key?made=1", "/me/register", "/me/works", f"/me/works/{works[0]}",
        "/claims/new", f"/me/claims/{claim.claim_id}", "/me/erase", "/me/connections",
    ]  # fmt: skip
    token = application.people.accounts.issue_token(ada.account_id, SCOPES_OF_ROLE["artist"]).secret
    with served(application) as url:
        yield Site(url, paths, own_paths, token, copy, plain)


def opened(browser: Browser, site: Site, scheme: Literal["light", "dark"], *, signed_in: bool) -> Page:
    page = browser.new_context(color_scheme=scheme, reduced_motion="reduce").new_page()
    if signed_in:
        page.goto(f"{site.url}/me")
        page.get_by_label("Token of your account").fill(site.token)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("h1")).to_have_text("Ada Accessible")
    return page


def require_accessible(page: Page, what: str) -> None:
    result = Axe().run(page)
    assert result.violations_count == 0, f"{what}\n{result.generate_report()}"


def require_narrow(page: Page, what: str) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # a dict of two numbers
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{what} scrolls sideways by {wider} pixels"
    page.set_viewport_size({"width": 1180, "height": 900})


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page(browser: Browser, site: Site, scheme: Literal["light", "dark"], signed_in: bool) -> None:
    page = opened(browser, site, scheme, signed_in=signed_in)
    loaded: list[int] = []
    page.on("response", lambda response: loaded.append(_size(response)))
    for path in site.own_paths if signed_in else site.paths:
        loaded.clear()
        page.goto(f"{site.url}{path}")
        page.wait_for_load_state("networkidle")
        require_accessible(page, f"{path} {scheme}")
        require_narrow(page, path)
        assert sum(loaded) < MOST_BYTES, f"{path} has {sum(loaded)} bytes"
    page.context.close()


def _size(response: object) -> int:
    """Bytes of a document, a script or a style; a picture counts nothing."""
    kind = response.headers.get("content-type", "")  # type: ignore[attr-defined]
    return 0 if kind.startswith("image/") else len(response.body())  # type: ignore[attr-defined]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_answers(browser: Browser, site: Site, scheme: Literal["light", "dark"]) -> None:
    """A chosen picture, a copy with its slider, a picture that is too plain, and a failed upload."""
    page = opened(browser, site, scheme, signed_in=False)
    for picture, band in ((site.copy, "Edited copy"), (site.plain, "Cannot compare")):
        page.goto(site.url)
        page.get_by_label("Picture file").set_input_files(str(picture))
        expect(page.get_by_role("status")).to_be_visible()
        require_accessible(page, f"{band}: chosen")
        page.get_by_role("button", name="Look it up").click()
        expect(page.locator(".band")).to_contain_text(band)
        if band == "Edited copy":
            slider = page.get_by_label("How much of your picture lies over the registered work")
            expect(slider).to_be_visible()
            slider.fill("20")
            expect(page.locator(".stage .over")).to_have_css("clip-path", "inset(0px 80% 0px 0px)")
            expect(page.get_by_role("heading", name="How sure is this?")).to_be_visible()
        require_accessible(page, band)
        require_narrow(page, band)
    page.context.close()


def test_a_record_verified_in_the_browser(browser: Browser, site: Site) -> None:
    page = opened(browser, site, "light", signed_in=False)
    page.goto(site.url + next(path for path in site.paths if path.startswith("/records/")))
    page.get_by_role("button", name="Verify in this browser").click()
    expect(page.locator("#verify-verdict")).not_to_be_empty()
    require_accessible(page, "verified")
    page.context.close()
