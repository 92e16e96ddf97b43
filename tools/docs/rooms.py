"""The picture of the rooms, drawn from the import contracts: `python -m tools.docs.rooms` writes it.

A row is a level of the contract of layers: what stands on it imports only what stands below it.
"""

from __future__ import annotations

import ast
import tomllib
from html import escape
from pathlib import Path

from tools.docs.markdown import table

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "explanation" / "rooms.svg"
PACKAGE = "ledger"

_WIDTH, _HEIGHT, _GAP, _MARGIN = 860, 46, 8, 12
_LABEL = 120
"""Where the text of a box begins: its name stands before."""
_QUIET = ' fill="#546e7a"'
_TEXT = 560
"""From this width on a box says what its module does."""


def levels() -> list[list[str]]:
    """The modules of each level, highest first: what stands above the package, then its rooms."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [each for each in contracts if each["type"] == "layers"]
    [inside] = [each["layers"] for each in layers if each.get("containers") == [PACKAGE]]
    [outside] = [each["layers"] for each in layers if "containers" not in each and PACKAGE in each["layers"]]
    above = [_names(level) for level in outside[: outside.index(PACKAGE)]]
    return [*above, *([f"{PACKAGE}.{name}" for name in _names(level)] for level in inside)]


def purpose(module: str) -> str:
    """The first sentence of a module's docstring."""
    path = ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = " ".join((ast.get_docstring(ast.parse(file.read_text())) or "").partition("\n\n")[0].split())
    return text.partition(". ")[0].rstrip(".")


def parts(module: str) -> list[str]:
    """The packages within a package."""
    folder = ROOT.joinpath(*module.split("."))
    return sorted(path.parent.name for path in folder.glob("*/__init__.py"))


def render() -> str:
    """A table of the rooms and the packages within, for a page that says more than the picture has room for."""
    modules = [module for level in levels() for module in level]
    named = [inner for module in modules for inner in (module, *(f"{module}.{part}" for part in parts(module)))]
    return table(("Room", "What it does"), ((f"`{name.replace('.', '/')}`", purpose(name)) for name in named))


def picture() -> str:
    """The rooms as an SVG: a row for each level, its modules side by side."""
    drawn = levels()
    height = 2 * _MARGIN + len(drawn) * (_HEIGHT + _GAP) - _GAP
    boxes = [box for number, level in enumerate(drawn) for box in _row(level, _MARGIN + number * (_HEIGHT + _GAP))]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
            'font-family="sans-serif" font-size="12">',
            "<title>The rooms of the code: each imports only what stands below it</title>",
            f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
            *boxes,
            "</svg>\n",
        )
    )


def _row(level: list[str], top: int) -> list[str]:
    width = (_WIDTH - 2 * _MARGIN - (len(level) - 1) * _GAP) / len(level)
    lefts = [_MARGIN + place * (width + _GAP) for place in range(len(level))]
    return [line for module, left in zip(level, lefts, strict=True) for line in _box(module, left, top, width)]


def _box(module: str, left: float, top: int, width: float) -> list[str]:
    fill = "#e0f2f1" if module.startswith(f"{PACKAGE}.") else "#fff3e0"
    lines = [purpose(module) if width > _TEXT else "", " · ".join(parts(module))]
    shown = [line for line in lines if line]
    middle = top + _HEIGHT / 2 + 4
    return [
        f'<rect x="{left:g}" y="{top}" width="{width:g}" height="{_HEIGHT}" rx="5" fill="{fill}" stroke="#607d8b"/>',
        f'<text x="{left + 10:g}" y="{middle:g}" font-weight="bold">{escape(module.rpartition(".")[2])}</text>',
        *(
            f'<text x="{left + _LABEL:g}" y="{middle + 17 * (number - (len(shown) - 1) / 2):g}"'
            f"{'' if line is lines[0] else _QUIET}>{escape(line.replace('`', ''))}</text>"
            for number, line in enumerate(shown)
        ),
    ]


def _names(level: str) -> list[str]:
    return [name.strip() for name in level.replace(":", "|").split("|")]


if __name__ == "__main__":
    PICTURE.write_text(picture())
