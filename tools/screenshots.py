"""Pictures of every page: `python -m tools.screenshots [FOLDER]`, on a throwaway ledger with the drawings of the tests.

Desktop and phone, light and dark, into FOLDER (build/screenshots); and two of them into docs/images.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Page

from ledger.app import Application, open_throwaway
from ledger.flows.people.principal import SCOPES_OF_ROLE
from tests.api.browser import chromium
from tests.api.serving import served
from tests.applications import ART, DRAWINGS, register
from tests.people import changed

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "screenshots"
SHAPES: tuple[tuple[str, int, int, Literal["light", "dark"]], ...] = (
    ("desktop-light", 1180, 900, "light"),
    ("desktop-dark", 1180, 900, "dark"),
    ("phone-light", 390, 800, "light"),
    ("phone-dark", 390, 800, "dark"),
)
DOCUMENTED = {"answer": "answer-page.webp", "desk": "desk.webp"}
"""Names of pages that the documentation shows, as they are in docs/images."""


@dataclass(frozen=True)
class Scene:
    """A ledger with something to see."""

    application: Application
    url: str
    token: str
    artist_id: str
    work_id: str
    record_id: str
    copy: bytes


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with open_throwaway("screenshots") as application:
        register(application, ART)
        with served(application) as url, chromium() as browser:
            scene = _scene(application, url)
            for name, width, height, scheme in SHAPES:
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
                for shown, page in _pages(context.new_page(), scene):
                    data = page.screenshot(full_page=True)
                    (folder / f"{shown}-{name}.png").write_bytes(data)
                    if name == "desktop-light" and shown in DOCUMENTED:
                        _document(data, ROOT / "docs" / "images" / DOCUMENTED[shown])
                context.close()


def _scene(application: Application, url: str) -> Scene:
    copy = changed(DRAWINGS[7].read_bytes(), quality=70, scale=0.8)
    record = application.pictures.verify(copy)
    if record.report is None:
        raise RuntimeError("the copy was not compared")
    found = record.report.matches[0]
    application.people.accounts.adopt(found.artist_id)
    token = application.people.accounts.issue_token(found.artist_id, SCOPES_OF_ROLE["artist"]).secret
    application.log.settle()
    return Scene(application, url, token, found.artist_id, found.work_id, record.record_id, copy)


def _pages(page: Page, scene: Scene) -> Iterator[tuple[str, Page]]:
    public = {
        "start": "/", "works": "/works", "work": f"/works/{scene.work_id}", "artist": f"/artists/{scene.artist_id}",
        "claims": "/claims", "record": f"/records/{scene.record_id}", "log": "/log", "how": "/how", "limits": "/limits",
        "verifier": "/verify", "sign-in": "/me",
    }  # fmt: skip
    for name, path in public.items():
        page.goto(f"{scene.url}{path}")
        yield name, page
    page.goto(scene.url)
    page.get_by_label("Picture file").set_input_files(
        {"name": "picture.jpg", "mimeType": "image/jpeg", "buffer": scene.copy}
    )
    page.get_by_role("button", name="Look it up").click()
    page.get_by_label("How much of your picture lies over").wait_for()
    yield "answer", page
    page.goto(f"{scene.url}/me")
    page.get_by_label("Token of your account").fill(scene.token)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()
    for name, path in {"desk": "/me", "key": "/me/key", "register": "/me/register", "claim": "/claims/new"}.items():
        page.goto(f"{scene.url}{path}")
        yield name, page


def _document(data: bytes, path: Path) -> None:
    with Image.open(io.BytesIO(data)) as picture:
        picture.convert("RGB").save(path, "WEBP", quality=80, method=6)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
