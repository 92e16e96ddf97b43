"""The attribution sheet as PDF, with text that can be read aloud, searched and copied (reportlab)."""

from __future__ import annotations

import io
from functools import lru_cache

from api.cards.content import NO_PROOF, CardContent
from api.cards.drawing import ACCENT, FONTS, INK, KEPT, MUTED, sheet_facts

LEFT, WIDTH = 48, 499
"""Points (1/72 inch): margin, and what A4 leaves between two of them."""


@lru_cache(maxsize=KEPT)
def sheet_pdf(content: CardContent) -> bytes:
    """One page of A4. The same bytes for the same record."""
    from PIL import Image
    from reportlab.lib.colors import HexColor
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.utils import ImageReader, simpleSplit
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    for name, path in zip(("Sheet", "SheetBold"), FONTS, strict=True):
        pdfmetrics.registerFont(TTFont(name, str(path)))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, lang="en")
    canvas.setTitle(content.title)
    canvas.setAuthor("Artledger")

    def write(text: str, top: float, size: float, colour: str, *, font: str = "Sheet", left: float = LEFT) -> float:
        canvas.setFont(font, size)
        canvas.setFillColor(HexColor(colour))
        for line in simpleSplit(text, font, size, WIDTH - (left - LEFT)):
            canvas.drawString(left, top, line)
            top -= 1.3 * size
        return top

    top = write(content.band, A4[1] - 68, 13, ACCENT, font="SheetBold") - 12
    top = write(content.title, top, 21, INK, font="SheetBold") - 6
    top = write(content.says, top, 12, MUTED) - 6
    if content.preview is not None:
        with Image.open(io.BytesIO(content.preview)) as picture:
            flat = Image.new("RGB", picture.size, "white")
            flat.paste(picture.convert("RGBA"), mask=picture.convert("RGBA").getchannel("A"))
        height = 230
        canvas.drawImage(ImageReader(flat), LEFT, top - height, WIDTH, height, preserveAspectRatio=True, anchor="w")
        top -= height + 24
    for name, value in sheet_facts(content):
        if value:
            write(name, top, 11, MUTED)
            top = write(value, top, 11, INK, left=LEFT + 90) - 6
    canvas.linkURL(content.address, (LEFT, top, LEFT + WIDTH, top + 24), relative=0)
    write(NO_PROOF, 60, 9, MUTED)
    canvas.showPage()
    canvas.save()
    return out.getvalue()
