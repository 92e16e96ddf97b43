"""Decodes the frames and pages of a file one after another, each only when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from itertools import count

from PIL import AvifImagePlugin, Image, PngImagePlugin

from ledger.errors import LedgerError
from ledger.image.bare import bare_file, without_text
from ledger.image.failures import unsupported_variant
from ledger.image.formats import HEIC, PNG, PSD, SVG, TIFF, ImageFormat
from ledger.image.frame import Frame
from ledger.image.kinds.heif import heif_frame
from ledger.image.kinds.photoshop import photoshop_frame
from ledger.image.kinds.svg import rasterise_file
from ledger.image.kinds.tiff_channels import tiff_frame
from ledger.image.kinds.tiff_structure import pages
from ledger.image.limits import MAX_IN_FILE, MOST_PIXELS, DecodeLimits
from ledger.image.metadata import exif_orientation, settle_transparency
from ledger.image.structure import check_pixels

# Pillow's limit is off: the size is checked against the caller's limit before anything is decoded.
Image.MAX_IMAGE_PIXELS = None
# One thread per picture: the pool has one worker per processor, and memory is limited.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
# Largest inflated chunk of a PNG: a colour profile may be as large as in other formats.
PngImagePlugin.MAX_TEXT_CHUNK = MAX_IN_FILE["bytes of colour profile"]


def frames(data: bytes, kind: ImageFormat, limits: DecodeLimits) -> Iterator[Frame]:
    """The frames or pages of a file in their order; at least one. FORMAT.md, step 2, says what each shows.

    Raises InputError, MemoryError, and what codecs raise. A frame is valid until the next one is asked for.
    """
    later = replace(limits, max_pixels=min(limits.max_pixels, MOST_PIXELS))
    if kind is HEIC:
        yield heif_frame(data, limits)
    elif kind is PSD:
        yield photoshop_frame(data)
    elif kind is SVG:
        yield from frames(rasterise_file(data), PNG, limits)
    elif kind is TIFF:
        for page in pages(data):
            yield _tiff_page(data, page, later if page else limits)
    else:
        yield from _several(without_text(data) if kind is PNG else data, kind, limits, later)


def _several(data: bytes, kind: ImageFormat, limits: DecodeLimits, later: DecodeLimits) -> Iterator[Frame]:
    """Pillow's frames; where the first cannot be decoded, those of the file without what does not decide its pixels."""
    decoded = _decoded(data, kind, limits, later)
    try:
        first = next(decoded)
    except (LedgerError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - codecs raise OSError, SyntaxError, ValueError, struct.error, ...
        failure = _bare(error)
        bare = bare_file(kind, data)
        if bare == data:
            raise failure from None
        decoded = _decoded(bare, kind, limits, later)
        first = next(decoded)
    yield first
    del first
    yield from decoded


def _decoded(data: bytes, kind: ImageFormat, limits: DecodeLimits, later: DecodeLimits) -> Iterator[Frame]:
    with Image.open(BytesIO(data), formats=[kind.decoder]) as picture:
        for number in count():
            if number:
                try:
                    picture.seek(number)
                except EOFError:
                    return
            check_pixels(picture.width * picture.height, later if number else limits)
            picture.info.pop("xmp", None)  # else Pillow would read an orientation from it
            picture.load()
            if kind is PNG and not number:
                settle_transparency(picture, data)
            yield Frame(picture, exif_orientation(picture.info.get("exif", b"")))


def _tiff_page(data: bytes, page: int, limits: DecodeLimits) -> Frame:
    """Pillow turns it upright itself."""
    try:
        with Image.open(BytesIO(data), formats=[TIFF.decoder]) as picture:
            if page:
                picture.seek(page)
            check_pixels(picture.width * picture.height, limits)
            picture.info.pop("xmp", None)
            picture.load()
            return Frame(picture)
    except (LedgerError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - as above
        failure = _bare(error)
    try:
        frame = tiff_frame(data, page, limits)
    except (LedgerError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - as above
        # Pillow's own answer counts, unless Pillow does not know the layout.
        raise (_bare(error) if unsupported_variant(TIFF, data, failure) else failure) from None
    if frame is None:
        raise failure
    return frame


def _bare(error: Exception) -> Exception:
    """The error without its traceback, whose frames hold what was decoded so far."""
    error.__context__ = error.__cause__ = None
    return error.with_traceback(None)
