"""Cards and sheets drawn as SVG and rendered to PNG, with the font that comes with Artledger."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from pathlib import Path

from api.cards.content import NO_PROOF, CardContent

FONTS = tuple(
    Path(__file__).parents[1] / "pages" / "fonts" / name for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
)
PAPER, INK, MUTED, ACCENT = "#fbfaf7", "#1c1f22", "#5a6168", "#1f5f5b"
CARD = (1200, 630)
"""As Open Graph's readers show it."""
SHEET = (1240, 1754)
"""A4 at 150 dpi."""
KEPT = 64


@lru_cache(maxsize=KEPT)
def card_png(content: CardContent) -> bytes:
    """1200 x 630 pixels: what a link to the record shows where it is shared."""
    right = 700 if content.preview else 1080
    parts = [
        _text(60, 96, 26, ACCENT, [content.band], bold=True),
        _text(60, 170, 44, INK, _wrapped(content.title, right / 27, 4), bold=True),
        _text(60, 420, 26, MUTED, _wrapped(content.says, right / 15.5, 4)),
        _text(60, 590, 22, MUTED, [f"Artledger · {content.recorded} · log entry {content.leaf_index:,}"]),
        _picture(content, 800, 100, 340, 430),
    ]
    return _rendered(CARD, parts)


@lru_cache(maxsize=KEPT)
def sheet_png(content: CardContent) -> bytes:
    """An attribution sheet, 1240 x 1754 pixels."""
    lines = [(name, value) for name, value in sheet_facts(content) if value]
    parts = [
        _text(100, 140, 28, ACCENT, [content.band], bold=True),
        _text(100, 215, 46, INK, _wrapped(content.title, 38, 4), bold=True),
        _text(100, 455, 28, MUTED, _wrapped(content.says, 62, 4)),
        _picture(content, 100, 620, 1040, 520),
    ]
    top = 1220
    for name, value in lines:
        wrapped = _wrapped(value, 52, 3)
        parts += [_text(100, top, 24, MUTED, [name]), _text(340, top, 24, INK, wrapped)]
        top += 34 * len(wrapped) + 14
    parts.append(_text(100, 1680, 21, MUTED, _wrapped(NO_PROOF, 95, 2)))
    return _rendered(SHEET, parts)


def sheet_facts(content: CardContent) -> tuple[tuple[str, str], ...]:
    """Names and values, in this order; empty ones are left out."""
    return (
        ("Credit", content.credit),
        ("Licence", content.licence),
        ("Recorded", f"{content.recorded}, log entry {content.leaf_index:,}"),
        ("File", f"SHA-256 {content.sha256}"),
        ("Check it", content.address),
    )


def badge_svg(content: CardContent) -> bytes:
    """A small badge that pages may show beside the picture."""
    width = 96 + round(7.4 * len(content.band)) + 16
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="28" role="img"'
        f' aria-label="Artledger: {escape(content.band)}"><title>{escape(content.title)}</title>'
        f'<rect width="{width}" height="28" rx="6" fill="{PAPER}"/>'
        f'<rect width="88" height="28" rx="6" fill="{ACCENT}"/>'
        '<g font-family="system-ui, Verdana, DejaVu Sans, sans-serif" font-size="13">'
        '<text x="12" y="19" fill="#ffffff" font-weight="600">Artledger</text>'
        f'<text x="98" y="19" fill="{INK}">{escape(content.band)}</text></g></svg>'
    ).encode()


def _text(x: int, y: int, size: int, colour: str, lines: Iterable[str], *, bold: bool = False) -> str:
    style = f'font-size="{size}" fill="{colour}"' + (' font-weight="bold"' if bold else "")
    return "".join(
        f'<text x="{x}" y="{y + round(1.3 * size * number)}" {style}>{escape(line)}</text>'
        for number, line in enumerate(lines)
    )


def _picture(content: CardContent, x: int, y: int, width: int, height: int) -> str:
    if content.preview is None:
        return ""
    data = base64.b64encode(content.preview).decode()
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="12" fill="#ffffff" stroke="#dedcd5"/>'
        f'<image x="{x + 16}" y="{y + 16}" width="{width - 32}" height="{height - 32}"'
        f' href="data:image/webp;base64,{data}"/>'
    )


def _wrapped(text: str, width: float, most: int) -> list[str]:
    return textwrap.wrap(text, round(width), max_lines=most, placeholder=" …", break_long_words=True)


def _rendered(size: tuple[int, int], parts: Iterable[str]) -> bytes:
    import resvg_py

    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" font-family="DejaVu Sans">'
        f'<rect width="100%" height="100%" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )
    return resvg_py.svg_to_bytes(
        svg_string=drawing, font_files=[*map(str, FONTS)], font_family="DejaVu Sans", skip_system_fonts=True
    )
