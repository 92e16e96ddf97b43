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
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#:]+)\)")


def on_config(config: Any) -> Any:
    """Leaves pages out of the navigation that are not written yet."""
    config.nav = _written(config.nav, Path(config.docs_dir))
    return config


def on_files(files: Files, *, config: Any) -> Files:
    """Adds FORMAT.md and the cards, with their links led to where they stand in the site."""
    files.append(File.generated(config, FORMAT, content=_relocated(ROOT / "FORMAT.md", FORMAT)))
    for card in cards():
        page = f"{CARDS}/{card.name}"
        files.append(File.generated(config, page, content=_relocated(card, page)))
    for picture in {path for card in cards() for path in card.parent.glob("*.webp")}:
        files.append(File.generated(config, f"{CARDS}/{picture.name}", abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Files) -> str:  # noqa: ARG001
    """Fills in what is generated."""
    return _MARKER.sub(lambda found: generated(found[1]), markdown)


@cache
def generated(name: str) -> str:
    """The Markdown that is made for a name."""
    render: Callable[[], str] = import_module(GENERATED[name]).render
    return render()


def cards() -> list[Path]:
    """What is said of the shipped models and data, beside their files."""
    return sorted((ROOT / "ledger").rglob("*.md"))


def _relocated(source: Path, page: str) -> str:
    """The text with its links led to pages of the site. Of a file that the site lacks, the name stays."""
    known = {card.resolve(): f"{CARDS}/{card.name}" for card in cards()}

    def link(found: re.Match[str]) -> str:
        text, path = found.groups()
        target = (source.parent / path).resolve()
        if target.is_relative_to(ROOT / "docs"):
            place = target.relative_to(ROOT / "docs").as_posix()
        elif target in known:
            place = known[target]
        else:
            return f"`{target.relative_to(ROOT).as_posix()}`"
        up = "../" * (len(PurePosixPath(page).parts) - 1)
        return f"[{text}]({up}{place})"

    return _LINK.sub(link, source.read_text())


def _written(entries: list[Any], docs: Path) -> list[Any]:
    kept: list[Any] = []
    for entry in entries:
        [(title, value)] = entry.items()
        if isinstance(value, list):
            inner = _written(value, docs)
            if inner:
                kept.append({title: inner})
        elif (docs / value).exists() or value == FORMAT:
            kept.append(entry)
    return kept
