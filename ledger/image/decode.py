"""Decodes a file to canonical pixels in a worker process. It imports only decoders and the standard library.

Every error of Pillow becomes an InputError whose code names the cause. Files are untrusted.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from ledger.errors import InputError, LedgerError
from ledger.image.failures import failure, out_of_memory
from ledger.image.formats import sniff
from ledger.image.frames import frames
from ledger.image.limits import DecodeLimits
from ledger.image.structure import check_structure
from ledger.image.views import compared_view, first_view


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
    """Frames or pages in the file."""
    frame: int = 1
    """Which of them this is, from 1."""
    over_black: bool = False
    """Whether its transparency lies over black, not over white."""
    tried: int = 1
    """How many frames were decoded to find it."""
    second: bytes | None = None
    """The second view's working picture, of the same size."""


def decode(data: bytes, limits: DecodeLimits, *, canonical: bool = False, second: bool = False) -> Decoded:
    """The view of the file `data` that is compared (FORMAT.md); `canonical`: its canonical pixels in any case;
    `second`: with its second view.

    Raises InputError with one of the codes `empty-file`, `not-an-image`, `unsupported-format`, `too-large`,
    `too-many-pixels`, `too-complex`, `truncated`, `damaged`, `decode-memory`.
    """
    check_size(data, limits)
    kind = sniff(data)
    shown = check_structure(kind, data, limits)
    try:
        decoded = frames(data, kind, limits)
        view = first_view(decoded) if canonical else compared_view(decoded, shown, second=second)
    except LedgerError:
        raise
    except MemoryError as error:
        raise out_of_memory() from error
    except Exception as error:  # codecs raise OSError, SyntaxError, ValueError, struct.error, zlib.error, ...
        raise failure(kind, data, error) from error
    pixels = view.pixels
    return Decoded(
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=kind.media_type,
        width=pixels.width,
        height=pixels.height,
        pixel_sha256=pixels.pixel_sha256,
        working_size=pixels.working.size,
        working=pixels.working.tobytes(),
        frames=shown,
        frame=view.frame,
        over_black=view.over_black,
        tried=view.tried,
        second=None if view.second is None else view.second.tobytes(),
    )


def check_size(data: bytes, limits: DecodeLimits) -> None:
    """Raises InputError (`too-large`) for a file of too many bytes."""
    if len(data) > limits.max_bytes:
        raise InputError(
            f"the file has {len(data):,} bytes; at most {limits.max_bytes:,} are accepted",
            code="too-large",
            hint="Send a smaller or more compressed copy.",
        )
