"""The documents of the project, and their blocks of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_MARKER = re.compile(r"^\s*<!-- (?P<text>.+) -->\s*$")
_FENCE = re.compile(r"^(?P<indent>\s*)(?P<fence>`{3,}|~{3,})(?P<language>[\w+-]*).*$")


def documents() -> list[Path]:
    """Everything written for readers: the site's pages and what stands in the root. Specifications aside."""
    root = [path for path in sorted(ROOT.glob("*.md")) if path.name not in _NOT_PROSE]
    return [*root, *sorted((ROOT / "docs").rglob("*.md"))]


_NOT_PROSE = ("FORMAT.md", "CHANGELOG.md")
"""The specification, and a list of what changed."""


def name(document: Path) -> str:
    """A document's path within the project."""
    return document.relative_to(ROOT).as_posix()


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block with the comments that stand directly before it, nearest first."""

    document: Path
    line: int
    language: str
    text: str
    markers: tuple[str, ...]

    @property
    def where(self) -> str:
        return f"{name(self.document)}:{self.line}"

    def marker(self, key: str) -> str | None:
        """The rest of the marker `<!-- KEY: REST -->`."""
        found = [text.removeprefix(f"{key}:").strip() for text in self.markers if text.startswith(f"{key}:")]
        return found[0] if found else None


def blocks(document: Path) -> Iterator[Block]:
    """The fenced blocks of a document."""
    lines = document.read_text().splitlines()
    number = 0
    while number < len(lines):
        opened = _FENCE.match(lines[number])
        if opened is None:
            number += 1
            continue
        end = next(at for at in range(number + 1, len(lines)) if lines[at].strip() == opened["fence"])
        indent = len(opened["indent"])
        text = "\n".join(line[indent:] for line in lines[number + 1 : end])
        yield Block(document, number + 1, opened["language"], text, _markers(lines[:number]))
        number = end + 1


def prose(document: Path) -> Iterator[tuple[int, str]]:
    """The lines of a document outside its blocks of code and its comments, with their numbers."""
    fence = ""
    for number, line in enumerate(document.read_text().splitlines(), 1):
        found = _FENCE.match(line)
        if fence:
            fence = "" if line.strip() == fence else fence
        elif found:
            fence = found["fence"]
        elif not _MARKER.match(line):
            yield number, line


def _markers(before: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for line in reversed(before):
        marker = _MARKER.match(line)
        if marker is None and line.strip():
            break
        if marker is not None:
            found.append(marker["text"])
    return tuple(found)
