"""Renders SVG to PNG with resvg in a worker process: no scripts, no system fonts, no files, no network."""

from __future__ import annotations

import re

from ledger.errors import InputError
from ledger.image.closed import no_new_files

RASTER_SIDE = 512
"""Longest side, in pixels, of a rasterised drawing."""

_DECLARED_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


def svg_text(data: bytes) -> str:
    """The drawing's text in its declared encoding (XML 1.0, 4.3.3). Raises InputError (`bad-svg`)."""
    declared = _DECLARED_ENCODING.match(data[:200])
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16")
        return data.decode(declared.group(1).decode() if declared else "utf-8-sig")
    except (ValueError, LookupError) as error:
        raise _bad_svg(error) from error


def rasterise_file(data: bytes) -> bytes:
    """`rasterise_svg` of a file, without the right to open other files or sockets. Raises InputError (`bad-svg`)."""
    import resvg_py  # noqa: F401 - loading it opens files

    drawing = svg_text(data)
    with no_new_files():
        return rasterise_svg(drawing)


def rasterise_svg(drawing: str) -> bytes:
    """A PNG with a transparent background, longest side RASTER_SIDE and the drawing's aspect ratio.

    resvg takes the aspect ratio from width and height, else from the viewBox, else from the drawing's bounds. It needs
    a resolution for physical lengths (96 dpi as in CSS). Text is drawn without system fonts, so pixels are the same
    everywhere. Raises InputError (`bad-svg`).

    resvg would read files that the drawing refers to, so the caller must remove the right to open files.
    """
    import resvg_py

    try:
        return resvg_py.svg_to_bytes(
            svg_string=drawing, width=RASTER_SIDE, height=RASTER_SIDE, dpi=96.0, skip_system_fonts=True
        )
    except ValueError as error:
        raise _bad_svg(error) from error


def _bad_svg(error: Exception) -> InputError:
    detail = "".join(letter for letter in str(error)[:120] if letter.isprintable())
    return InputError(
        f"the SVG drawing cannot be rendered ({detail})",
        code="bad-svg",
        hint="Open the drawing in an editor and save it as plain SVG, or send a PNG.",
    )
