"""What a command prints: answers on stdout, everything about the way there on stderr."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TextIO

from ledger.text import clean_text

if TYPE_CHECKING:
    from rich.console import Console

WORD_LIMIT = 4000
"""Characters without a space between: more than a verifier key of ML-DSA has."""
WIDTH_WITHOUT_TERMINAL = 120

Tone = Literal["good", "bad", "quiet", "strong"]
_WORD = re.compile("[^ \n]+")
_ANSI: dict[Tone, str] = {"good": "32", "bad": "31;1", "quiet": "2", "strong": "1"}


@dataclass(frozen=True, slots=True)
class Output:
    """Prints in one of two ways: for people, or with `json` exactly one JSON document on stdout."""

    json: bool = False
    quiet: bool = False

    def document(self, value: Any) -> None:
        """With `json`, the one document. ASCII only, so that no terminal or pipe can garble or obey it."""
        if self.json:
            print(json.dumps(value, indent=2), flush=True)  # noqa: T201

    def line(self, text: str = "", tone: Tone | None = None) -> None:
        """A line of the answer, for people."""
        if not self.json:
            print(_toned(_plain(text), tone, sys.stdout))  # noqa: T201

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
        """A table of the answer, for people; columns named in `right` are set flush right."""
        if self.json:
            return
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for name in columns:
            table.add_column(name, justify="right" if name in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(clean_text(cell)) for cell in row))
        console(sys.stdout).print(table)

    def note(self, text: str, tone: Tone | None = "quiet") -> None:
        """Something beside the answer, on stderr; silent with `--quiet`."""
        if not self.quiet:
            print(_toned(_plain(text), tone, sys.stderr), file=sys.stderr)  # noqa: T201

    def error(self, text: str, *, hint: str | None = None) -> None:
        """What went wrong and what to do about it, on stderr, also with `--quiet`."""
        print(_toned("error:", "bad", sys.stderr), _plain(text), file=sys.stderr)  # noqa: T201
        if hint:
            print(f"  {_plain(hint)}", file=sys.stderr)  # noqa: T201


def console(stream: TextIO) -> Console:
    """A rich console that neither colours nor wraps to 80 columns where no terminal is."""
    from rich.console import Console

    width = None if stream.isatty() else WIDTH_WITHOUT_TERMINAL
    return Console(file=stream, width=width, no_color=not colours(stream), highlight=False, soft_wrap=False)


def colours(stream: TextIO) -> bool:
    """Whether to colour: a terminal that can, and no NO_COLOR (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _toned(text: str, tone: Tone | None, stream: TextIO) -> str:
    return f"\x1b[{_ANSI[tone]}m{text}\x1b[0m" if tone and text and colours(stream) else text


def _plain(text: str) -> str:
    """Text that cannot command a terminal; lines and columns stay."""
    return _WORD.sub(lambda word: clean_text(word[0], WORD_LIMIT), text)
