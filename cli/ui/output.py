"""What a command prints: the answer on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import indent
from typing import TYPE_CHECKING, Any, Literal, TextIO

from ledger.text import clean_text

if TYPE_CHECKING:
    from rich.console import Console

WORD_LIMIT = 4000
"""Longest word to print, in characters. A verifier key of ML-DSA has fewer."""
WIDTH_WITHOUT_TERMINAL = 120
NARROW = 14
"""Characters that a column of text needs at least to be readable."""
GAP = 2
"""Between columns."""

Tone = Literal["good", "bad", "quiet", "strong"]
_WORD = re.compile("[^ \n]+")
_ANSI: dict[Tone, str] = {"good": "32", "bad": "31;1", "quiet": "2", "strong": "1"}


@dataclass(frozen=True, slots=True)
class Output:
    """Prints for people, or with `json` exactly one JSON document on stdout."""

    json: bool = False
    quiet: bool = False

    def document(self, value: Any) -> None:
        """The one document, with `json`. ASCII only, so that no terminal or pipe can garble or obey it."""
        if self.json:
            print(json.dumps(value, indent=2), flush=True)  # noqa: T201

    def line(self, text: str = "", tone: Tone | None = None) -> None:
        """A line of the answer, for people."""
        if not self.json:
            print(_toned(_plain(text), tone, sys.stdout))  # noqa: T201

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        right: Sequence[str] = (),
        ids: Sequence[str] = (),
    ) -> None:
        """A table of the answer, for people. Columns named in `right` are flush right. Columns named in `ids` never
        break: on a terminal that is too narrow for them, each row becomes a block of lines."""
        if self.json:
            return
        from rich import box
        from rich.table import Table
        from rich.text import Text

        screen = console(sys.stdout)
        cells = [[clean_text(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
        needed = sum(w if name in ids else min(w, NARROW) for name, w in zip(columns, widths, strict=True))
        if ids and needed + GAP * (len(columns) - 1) > screen.width:
            self._blocks(columns, cells)
            return
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for name in columns:
            justify: Literal["left", "right"] = "right" if name in right else "left"
            table.add_column(name, justify=justify, overflow="fold", no_wrap=name in ids)
        for row in cells:
            table.add_row(*map(Text, row))
        screen.print(table)

    def _blocks(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        for row in rows:
            self.line()
            for name, cell in zip(columns, row, strict=True):
                if cell:
                    self.line(f"{name:<10} {cell}")

    def more(self, next_after: str | int | None) -> None:
        """How to get the next page, where there is one."""
        if next_after is not None:
            self.line(f"There are more. Continue with --after {shlex.quote(str(next_after))}", "quiet")

    def note(self, text: str, tone: Tone | None = "quiet") -> None:
        """A remark about the answer, on stderr; silent with `--quiet`."""
        if not self.quiet:
            print(_toned(_plain(text), tone, sys.stderr), file=sys.stderr)  # noqa: T201

    def error(self, text: str, *, hint: str | None = None) -> None:
        """What went wrong and what to do about it; on stderr, also with `--quiet`."""
        print(_toned("error:", "bad", sys.stderr), _plain(text), file=sys.stderr)  # noqa: T201
        if hint:
            print(indent(_plain(hint), "  "), file=sys.stderr)  # noqa: T201


def counted(number: int, noun: str) -> str:
    """`1 work`, `2,000 works`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def console(stream: TextIO) -> Console:
    """A rich console. Without a terminal, it neither colours nor wraps to 80 columns."""
    from rich.console import Console

    width = None if stream.isatty() else WIDTH_WITHOUT_TERMINAL
    return Console(file=stream, width=width, no_color=not colours(stream), highlight=False, soft_wrap=False)


def colours(stream: TextIO) -> bool:
    """Whether to use colours: on a terminal that can, unless NO_COLOR is set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _toned(text: str, tone: Tone | None, stream: TextIO) -> str:
    return f"\x1b[{_ANSI[tone]}m{text}\x1b[0m" if tone and text and colours(stream) else text


def _plain(text: str) -> str:
    """Text that cannot command a terminal; lines and columns stay."""
    return _WORD.sub(lambda word: clean_text(word[0], WORD_LIMIT), text)
