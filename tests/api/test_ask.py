"""As a visitor with a modern browser: drop or paste a picture, learn about its file at once, ask, make it a record."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.applications import ART
from tests.image.samples import save, textured

_HAND_OVER = """([name, data, kind]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], name, { type: "image/png" }));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: files, bubbles: true })
    : new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, service_url: str) -> Iterator[Page]:
    opened = browser.new_page()
    messages: list[str] = []
    foreign: list[str] = []
    opened.on("console", lambda message: messages.append(message.text))
    opened.on("pageerror", lambda error: messages.append(str(error)))
    opened.on("request", lambda request: None if _own(request.url, service_url) else foreign.append(request.url))
    yield opened
    said = [message for message in messages if "status of 422" not in message]  # the broken file
    assert said == [], "the pages keep to their own content security policy"
    assert foreign == [], "no request leaves the origin"


def _own(url: str, service_url: str) -> bool:
    return url.startswith((service_url, f"blob:{service_url}", "data:"))


def hand_over(page: Page, data: bytes, kind: str) -> None:
    page.evaluate(_HAND_OVER, ["picture.png", base64.b64encode(data).decode(), kind])


def registered() -> bytes:
    return sorted(ART.glob("*.png"))[9].read_bytes()


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_registered_file_is_known_before_it_is_uploaded(page: Page, service_url: str, kind: str) -> None:
    page.goto(service_url)
    hand_over(page, registered(), kind)
    expect(page.get_by_role("status")).to_contain_text("Known by its digest, before anything was uploaded: This is “")
    expect(page.locator("#asked")).to_be_visible()
    page.get_by_role("status").get_by_role("link").click()
    expect(page.locator("h1")).to_contain_text("This is “")
    assert "/p/" in page.url


def test_the_answer_shows_the_visitors_picture_and_makes_a_record_without_choosing_again(
    page: Page, service_url: str
) -> None:
    page.goto(service_url)
    hand_over(page, registered(), "drop")
    page.get_by_role("button", name="Look it up").click()
    expect(page.locator("h1")).to_contain_text("This is “")
    expect(page.get_by_alt_text("The picture that you asked about")).to_be_visible()
    assert "/p/" in page.url
    page.get_by_role("button", name="Make a public record").click()
    page.wait_for_url("**/records/*")
    expect(page.locator("h1")).to_contain_text("This is “")
    page.go_back()
    expect(page.locator("h1")).to_contain_text("This is “")


def test_a_stranger_a_broken_file_and_one_that_is_too_large(page: Page, service_url: str) -> None:
    page.goto(service_url)
    hand_over(page, save(textured(120, 90, 77), "PNG"), "drop")
    expect(page.get_by_role("status")).to_contain_text("Nothing is recorded about exactly this file.")
    hand_over(page, b"no picture", "drop")
    expect(page.locator("#asked")).to_be_hidden()
    page.get_by_role("button", name="Look it up").click()
    expect(page.locator("h1")).not_to_contain_text("What is known")
    page.goto(service_url)
    hand_over(page, bytes(3 * 2**20), "drop")
    expect(page.get_by_role("status")).to_contain_text("This file has 3.0 MB. At most 1.0 MB can be read.")


def test_a_sample_can_be_tried(page: Page, service_url: str) -> None:
    page.goto(service_url)
    page.locator("[data-sample]").first.click()
    expect(page.locator("#asked")).to_be_visible()
    page.get_by_role("button", name="Look it up").click()
    expect(page.locator("h1")).to_contain_text("This is")


@pytest.mark.parametrize(
    "path", ["/", "/works", "/artists", "/models", "/claims", "/verify", "/search?q=star", "/p/" + "0" * 64, "/log"]
)
def test_nothing_scrolls_sideways_on_a_narrow_screen(page: Page, service_url: str, path: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(service_url + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1180, "height": 800})


def test_the_forms_work_without_any_script(browser: Browser, service_url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(service_url)
    plain.get_by_label("Picture file").set_input_files(str(sorted(Path(ART).glob("*.png"))[9]))
    plain.get_by_role("button", name="Look it up").click()
    expect(plain.locator("h1")).to_contain_text("This is “")
    assert plain.get_by_text("Your picture is not kept here").count() == 1
    context.close()


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A site that lets others read one picture, and does not let them read another."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert "Referer" not in self.headers
            assert "Cookie" not in self.headers
            self.send_response(404 if self.path == "/gone" else 200)
            self.send_header("Content-Type", "image/png")
            if self.path != "/closed.png":
                self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(registered())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_browser_fetches_a_picture_where_it_may(browser: Browser, service_url: str, elsewhere: str) -> None:
    page = browser.new_page()
    page.goto(service_url)
    address, fetch = page.get_by_label("Or the address of a picture"), page.get_by_role("button", name="Fetch it")
    address.fill(f"{elsewhere}/open.png")
    fetch.click()
    expect(page.get_by_role("status")).to_contain_text("Known by its digest, before anything was uploaded: This is “")
    for path, words in (("/closed.png", "does not let other pages read it"), ("/gone", "answered with status 404")):
        address.fill(f"{elsewhere}{path}")
        address.press("Enter")
        expect(page.get_by_role("status")).to_contain_text(words)
    page.close()
