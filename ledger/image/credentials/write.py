"""A generated picture as the file that is handed out: encoded, credited in plain text, and signed (C2PA 2.x)."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from ledger import __version__
from ledger.errors import InputError
from ledger.image.canonical_image import Pixels
from ledger.image.credentials import native, viewer_text
from ledger.image.credentials.content import LABEL, TRAINED_ALGORITHMIC_MEDIA, Assertion, Signed
from ledger.image.credentials.signer import CredentialSigner
from ledger.image.formats import JPEG, PNG, WEBP, ImageFormat

WRITTEN = {PNG.media_type: PNG, JPEG.media_type: JPEG, WEBP.media_type: WEBP}
"""Formats that a generated picture can be handed out in, by media type."""

JPEG_QUALITY = 95
"""With colour at full resolution. PNG and WebP keep every pixel, so their files have the record's `pixel_sha256`."""

_ENCODING: dict[str, dict[str, Any]] = {
    # Lossless ones at a third of the usual time, within a tenth of the usual size.
    PNG.media_type: {"compress_level": 4},
    JPEG.media_type: {"quality": JPEG_QUALITY, "subsampling": 0},
    WEBP.media_type: {"lossless": True, "method": 1, "quality": 20},
}


def require_written(media_type: str) -> ImageFormat:
    """The format of a media type that pictures can be handed out in. Raises InputError (`output-format`)."""
    kind = WRITTEN.get(media_type)
    if kind is None:
        raise InputError(
            f"pictures cannot be written as {media_type[:80]!r}",
            code="output-format",
            hint="one of " + ", ".join(WRITTEN),
        )
    return kind


def encode(pixels: Pixels, media_type: str, description: str | None = None, credit: str | None = None) -> bytes:
    """The picture, shape (height, width, 3), as a file, with `description` where viewers show text, and `credit` in
    IPTC's field: lossless PNG, lossless WebP, or JPEG at JPEG_QUALITY. Raises as `require_written` does."""
    kind = require_written(media_type)
    options = dict(_ENCODING[media_type])
    if description is not None:
        options["exif"] = viewer_text.exif(description)
        if kind is PNG:
            options["pnginfo"] = viewer_text.png_text(description, credit)
        else:
            options["xmp"] = viewer_text.xmp(description, credit)
    file = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, kind.decoder, **options)
    return file.getvalue()


def with_credentials(
    picture: Pixels | bytes, media_type: str, assertion: Assertion, signer: CredentialSigner
) -> Signed:
    """The file of a generated picture: of pixels, encoded with the assertion's credit, or of a file from `encode`.

    Source: C2PA 2.2, `c2pa.actions.v2` with `c2pa.created`; no thumbnail. Raises as `encode` and `native.sign` do.
    """
    data = (
        picture if isinstance(picture, bytes) else encode(picture, media_type, assertion.description, assertion.credit)
    )
    signed, store = native.sign(data, media_type, _manifest(assertion), signer)
    return Signed(signed, hashlib.sha256(store).hexdigest())


def _manifest(assertion: Assertion) -> dict[str, Any]:
    created = {
        "action": "c2pa.created",
        "digitalSourceType": TRAINED_ALGORITHMIC_MEDIA,
        "softwareAgent": {"name": assertion.model},
    }
    return {
        "claim_generator_info": [{"name": viewer_text.PROGRAM, "version": __version__}],
        "assertions": [
            {"label": "c2pa.actions.v2", "created": True, "data": {"actions": [created]}},
            {"label": LABEL, "created": True, "data": assertion.to_json()},
        ],
    }
