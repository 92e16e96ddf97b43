"""Decodes a file to canonical pixels in a worker process. It imports only Pillow and the standard library.

Every error of Pillow becomes an InputError whose code names the cause. Files are untrusted.
"""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import NamedTuple

from PIL import AvifImagePlugin, Image, PngImagePlugin

from ledger.errors import InputError, LedgerError
from ledger.image.bare import bare_file
from ledger.image.canonical_pixels import CanonicalPixels, canonical_pixels
from ledger.image.failures import failure, out_of_memory
from ledger.image.formats import PNG, TIFF, ImageFormat, sniff
from ledger.image.limits import MAX_IN_FILE, DecodeLimits
from ledger.image.metadata import exif_orientation, settle_transparency
from ledger.image.structure import check_pixels, check_structure

# Pillow's limit is off: the size is checked against the caller's limit before anything is decoded.
Image.MAX_IMAGE_PIXELS = None
# One thread per picture: the pool has one worker per processor, and memory is limited.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
# Largest inflated chunk of a PNG: a colour profile may be as large as in other formats.
PngImagePlugin.MAX_TEXT_CHUNK = MAX_IN_FILE["bytes of colour profile"]


class Decoded(NamedTuple):
    """A CanonicalImage in types that a worker without numpy can send."""

    sha256: str
    media_type: str
    width: int
    height: int
    pixel_sha256: str
    working_size: tuple[int, int]
    """Width and height."""
    working: bytes
    """Rows of RGB bytes."""
    frames: int
    """Frames or pages in the file, of which the first was decoded."""


def decode(data: bytes, limits: DecodeLimits) -> Decoded:
    """Canonical pixels (FORMAT.md) of the file `data`.

    Raises InputError with one of the codes `empty-file`, `not-an-image`, `unsupported-format`, `too-large`,
    `too-many-pixels`, `too-complex`, `truncated`, `damaged`, `decode-memory`.
    """
    check_size(data, limits)
    kind = sniff(data)
    frames = check_structure(kind, data, limits)
    try:
        pixels = _decode_once_or_twice(data, kind, limits)
    except LedgerError:
        raise
    except MemoryError as error:
        raise out_of_memory() from error
    except Exception as error:  # codecs raise OSError, SyntaxError, ValueError, struct.error, zlib.error, ...
        raise failure(kind, data, error) from error
    return Decoded(
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=kind.media_type,
        width=pixels.width,
        height=pixels.height,
        pixel_sha256=pixels.pixel_sha256,
        working_size=pixels.working.size,
        working=pixels.working.tobytes(),
        frames=frames,
    )


def check_size(data: bytes, limits: DecodeLimits) -> None:
    """Raises InputError (`too-large`) for a file of too many bytes."""
    if len(data) > limits.max_bytes:
        raise InputError(
            f"the file has {len(data):,} bytes; at most {limits.max_bytes:,} are accepted",
            code="too-large",
            hint="Send a smaller or more compressed copy.",
        )


def _decode_once_or_twice(data: bytes, kind: ImageFormat, limits: DecodeLimits) -> CanonicalPixels:
    """Decodes the file; where that fails, the same picture without what does not decide its pixels."""
    try:
        return _decode(data, kind, limits)
    except (LedgerError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - as in `decode`
        failure = error.with_traceback(None)  # whose frames hold what was decoded so far
        failure.__context__ = failure.__cause__ = None
    bare = bare_file(kind, data)
    if bare == data:
        raise failure
    return _decode(bare, kind, limits)


def _decode(data: bytes, kind: ImageFormat, limits: DecodeLimits) -> CanonicalPixels:
    with Image.open(BytesIO(data), formats=[kind.decoder]) as picture:
        check_pixels(picture.width * picture.height, limits)
        picture.info.pop("xmp", None)  # else Pillow would read an orientation from it
        picture.load()
        if kind is PNG:
            settle_transparency(picture, data)
        # Pillow applies a TIFF's own orientation when it loads the file.
        exif = b"" if kind is TIFF else picture.info.get("exif", b"")
        return canonical_pixels(picture, exif_orientation(exif))
