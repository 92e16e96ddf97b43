"""The picture of an answer in the README, from what the demo printed.

    script -qec 'artledger demo' demo.txt
    python -m tools.docs.answer demo.txt

`script` keeps the colours, which `artledger` shows only to a terminal.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "answer.svg"
BEGIN, END = "── 2.", "Shares"
"""The answer about the edited copy, up to what is less important."""

WIDTH = 84
"""Longer lines are wrapped."""

_THEME = TerminalTheme(
    (255, 255, 255),
    (38, 50, 56),
    [(38, 50, 56), (198, 40, 40), (46, 125, 50), (249, 168, 37), (21, 101, 192), (106, 27, 154), (0, 131, 143)],
)
_FORMAT = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>An answer of artledger demo</title>
<style>
.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>{lines}</defs>
<rect width="{width}" height="{height}" rx="8" fill="#fff" stroke="#b0bec5"/>
<g transform="translate(20, 24)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""
"""Rich's own format names a font on another host; this one uses what the reader has."""


def excerpt(printed: str) -> Text:
    """The lines of the answer about the edited copy, without the way to the picture's file."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-LN-Zhl]", "", printed).replace("\r", "")
    lines = [Text.from_ansi(line) for line in plain.splitlines()]
    begin = next(number for number, line in enumerate(lines) if line.plain.startswith(BEGIN))
    end = next(number for number in range(begin, len(lines)) if lines[number].plain.startswith(END))
    shown = [line for line in lines[begin:end] if line.plain.strip() and not line.plain.strip().startswith("/")]
    return Text("\n").join(shown)


def picture(answer: Text) -> str:
    """The answer as an SVG that fetches nothing."""
    width = min(WIDTH, max(len(line) for line in answer.plain.splitlines()))
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=width + 3, file=nowhere, force_terminal=True, color_system="standard")
        console.print(answer, width=width)
    return console.export_svg(theme=_THEME, code_format=_FORMAT, unique_id="answer")


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(excerpt(Path(sys.argv[1]).read_text())))
