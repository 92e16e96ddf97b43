"""Pieces of Markdown: cells that cannot break their table, tables, code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def cell(text: str) -> str:
    """`text` as a cell: on one line, with the bars and angle brackets that a table or HTML would read escaped."""
    one_line = " ".join(text.split())
    pieces = one_line.split("`")
    # Every second piece stands between backticks: there an angle bracket is plain text, and a bar still ends the cell.
    outside = [piece.replace("<", "&lt;").replace("*", r"\*") for piece in pieces[::2]]
    pieces[::2] = outside
    return "`".join(pieces).replace("|", r"\|")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table without the columns that are empty in every row; an empty string if there are no rows."""
    content = [tuple(map(cell, row)) for row in rows]
    filled = [number for number in range(len(columns)) if any(row[number] for row in content)]
    if not filled:
        return ""
    lines = [_row([row[number] for number in filled]) for row in content]
    return "\n".join([_row([columns[number] for number in filled]), f"|{'---|' * len(filled)}", *lines])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def code(text: str, language: str = "text") -> str:
    """A block of code."""
    return f"```{language}\n{text}\n```"


def paragraphs(parts: Iterable[str]) -> str:
    """The parts that are not empty, with an empty line between."""
    return "\n\n".join(part for part in parts if part)
