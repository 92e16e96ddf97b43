"""The pictures that the demo verifies: a byte-identical copy, an edited copy, and a work that is not registered."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from ledger.corpus.work import Source, SourceItem
from ledger.errors import InputError
from ledger.fingerprint.complexity import complexity
from ledger.image.canonical_image import CanonicalImage

CROP = 0.02
"""How much is cut off each side of the edited copy, as a share of its width or height."""
SCALE = 0.7
JPEG_QUALITY = 60
DETAIL = 0.2
"""Complexity above which a picture is worth showing: more than that of an icon or a flag."""

Expected = Literal["exact", "near-duplicate", "none"]


@dataclass(frozen=True, slots=True)
class DemoPicture:
    expected: Expected
    name: str
    """File name in the demo's folder."""
    description: str
    data: bytes


def edited_copy(picture: bytes) -> bytes:
    """The picture on white, cropped, made smaller, and recompressed as JPEG."""
    with Image.open(io.BytesIO(picture)) as image:
        rgba = image.convert("RGBA")
    flat = Image.new("RGB", rgba.size, "white")
    flat.paste(rgba, mask=rgba)
    width, height = flat.size
    left, top = round(width * CROP), round(height * CROP)
    cropped = flat.crop((left, top, width - left, height - top))
    smaller = cropped.resize((max(1, round(cropped.width * SCALE)), max(1, round(cropped.height * SCALE))))
    out = io.BytesIO()
    smaller.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def choose_pictures(
    source: Source,
    inside: Iterable[SourceItem],
    outside: Iterable[SourceItem],
    decode: Callable[[bytes], CanonicalImage],
) -> tuple[DemoPicture, ...]:
    """Chooses the same pictures for the same works. Raises InputError (`demo-corpus`) where none has enough detail."""
    detailed = (item for item in inside if has_detail(source, item, decode))
    first, second = _take(detailed, "registered"), _take(detailed, "registered")
    unregistered = _take((item for item in outside if has_detail(source, item, decode)), "held back")
    return (
        DemoPicture("exact", "1-identical.png", f"the very file of “{first.title}”", source.read(first)),
        DemoPicture(
            "near-duplicate",
            "2-edited.jpg",
            f"“{second.title}”, cropped, made smaller, recompressed",
            edited_copy(source.read(second)),
        ),
        DemoPicture(
            "none",
            "3-not-registered.png",
            f"“{unregistered.title}”, which is not registered",
            source.read(unregistered),
        ),
    )


def _take(items: Iterable[SourceItem], what: str) -> SourceItem:
    for item in items:
        return item
    raise InputError(
        f"none of the {what} works has enough detail to show",
        code="demo-corpus",
        hint="Name a folder with at least three pictures that are not blank.",
    )


def has_detail(source: Source, item: SourceItem, decode: Callable[[bytes], CanonicalImage]) -> bool:
    """Whether a work is worth showing. A work that cannot be decoded is not."""
    try:
        return complexity(decode(source.read(item)).working) >= DETAIL
    except InputError:
        return False
