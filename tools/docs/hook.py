"""The hook of mkdocs: the generated parts of pages, and pages whose text stands elsewhere in the repository.

A line `<!-- generated: NAME -->` in a page becomes what `GENERATED` makes for that name.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT))  # `mkdocs` imports this file by its path

GENERATED = {
    "commands": "tools.docs.commands",
    "settings": "tools.docs.settings",
    "http": "tools.docs.http",
    "errors": "tools.docs.errors",
    "rooms": "tools.docs.rooms",
}
"""The module whose `render()` makes each."""

FORMAT = "reference/format.md"
CARDS = "explanation/cards"
"""Where the cards of the shipped models and data are shown."""

_MARKER = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, *, config: Any) -> Files:
    """Adds FORMAT.md and the cards."""
    for place, source in elsewhere().items():
        files.append(File.generated(config, place, content=source.read_text()))
    for picture in {path for card in cards() for path in card.parent.glob("*.webp")}:
        files.append(File.generated(config, f"{CARDS}/{picture.name}", abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Files) -> str:  # noqa: ARG001
    """Leads links into the repository to pages of the site, and fills in what is generated."""
    place = page.file.src_uri
    led = _led(markdown, elsewhere().get(place, DOCS / place), place)
    return _MARKER.sub(lambda found: generated(found[1]), led)


@cache
def generated(name: str) -> str:
    """The Markdown that is made for a name."""
    render: Callable[[], str] = import_module(GENERATED[name]).render
    return render()


def cards() -> list[Path]:
    """What is said of the shipped models and data, beside their files."""
    return sorted((ROOT / "ledger").rglob("*.md"))


@cache
def elsewhere() -> dict[str, Path]:
    """Pages whose text stands outside `docs`, by their place in the site."""
    return {FORMAT: ROOT / "FORMAT.md", **{f"{CARDS}/{card.name}": card for card in cards()}}


def _led(markdown: str, source: Path, place: str) -> str:
    """A link to a file that is a page of the site goes there; of any other file the name is left."""
    pages = {path: known for known, path in elsewhere().items()}
    up = "../" * (len(PurePosixPath(place).parts) - 1)

    def link(found: re.Match[str]) -> str:
        text, path, anchor = found.groups()
        target = (source.parent / path).resolve()
        inside = target.is_relative_to(DOCS)
        if inside and source.is_relative_to(DOCS):
            return found[0]
        page = target.relative_to(DOCS).as_posix() if inside else pages.get(target)
        return f"[{text}]({up}{page}{anchor or ''})" if page else f"`{text.strip('`')}`"

    return _LINK.sub(link, markdown)
