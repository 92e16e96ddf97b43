"""As a visitor: upload a picture, read the record, verify it in the browser; an altered bundle does not pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.applications import ART


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    messages: list[str] = []
    opened.on("console", lambda message: messages.append(message.text))
    opened.on("pageerror", lambda error: messages.append(str(error)))
    yield opened
    assert messages == [], "the pages keep to their own content security policy"


@pytest.fixture(scope="module")
def record_url(page: Page, service_url: str) -> str:
    """Uploads a registered drawing as a visitor does and waits until its record is published."""
    page.goto(service_url)
    page.get_by_label("Picture file").set_input_files(str(picture()))
    page.get_by_role("button", name="Make a public record").click()
    expect(page.locator("h1")).to_contain_text("This is “")
    form = page.locator("#verify")
    for _ in range(100):
        if form.count():
            return page.url
        page.wait_for_timeout(100)
        page.reload()
    raise AssertionError("the record was not published")


def picture() -> Path:
    return sorted(ART.glob("*.png"))[5]


def outcome(page: Page) -> str:
    page.get_by_role("button", name="Verify in this browser").click()
    verdict = page.locator("#verify-verdict.passed, #verify-verdict.failed, #verify-verdict.not-checked")
    expect(verdict).to_be_visible()
    return verdict.inner_text()


def test_the_record_verifies_in_the_browser(page: Page, record_url: str) -> None:
    page.goto(record_url)
    assert outcome(page).startswith("Verified")
    assert page.locator("#verify-steps .passed").count() == 5
    assert page.locator("#verify-steps .not-checked").count() == 2


def test_an_altered_bundle_is_refused(page: Page, record_url: str) -> None:
    def alter(route: Route) -> None:
        with urlopen(route.request.url) as response:  # noqa: S310 - the service of this test
            body = response.read()
        route.fulfill(body=body.replace(b'"sig":"', b'"sig":"A', 1), content_type="application/json")

    page.route("**/bundle", alter)
    try:
        page.goto(record_url)
        assert outcome(page).startswith("Refused")
    finally:
        page.unroute("**/bundle")


def test_a_key_that_the_visitor_knows_better_refuses_the_record(page: Page, record_url: str) -> None:
    page.goto(record_url)
    page.get_by_label("Keys of records").fill("ab" * 32)
    assert outcome(page).startswith("Refused")


def test_everything_but_the_browser_check_works_without_script(
    browser: Browser, service_url: str, record_url: str
) -> None:
    """The record that the form makes is the one of before: it is published."""
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(service_url)
    page.get_by_label("Picture file").set_input_files(str(picture()))
    page.get_by_role("button", name="Look it up").click()
    expect(page.locator("h1")).to_contain_text("This is “")
    expect(page.locator(".eyebrow").first).to_contain_text("nothing was recorded")
    expect(page.locator(".match").first).to_contain_text("the same file")
    page.get_by_label("picture file again").set_input_files(str(picture()))
    page.get_by_role("button", name="Make a public record").click()
    expect(page).to_have_url(record_url)
    expect(page.locator("noscript p")).to_be_visible()


def test_pages_work_with_the_keyboard_and_have_names(page: Page, service_url: str) -> None:
    page.goto(service_url)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to content")
    for field in page.locator("input").all():
        assert field.get_attribute("id")
        expect(page.locator(f"label[for={field.get_attribute('id')}]")).to_have_count(1)
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("h1").count() == 1
