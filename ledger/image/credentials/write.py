"""Writes the delivered file of a generated picture: encoded, with plain text for viewers, and signed (C2PA 2.x)."""

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
from ledger.image.credentials.mining import DataMining, mining_assertion
from ledger.image.credentials.signer import CredentialSigner
from ledger.image.formats import JPEG, PNG, WEBP, ImageFormat

WRITTEN = {PNG.media_type: PNG, JPEG.media_type: JPEG, WEBP.media_type: WEBP}
"""Formats of delivered pictures, by media type."""

JPEG_QUALITY = 95
"""JPEG quality, with full colour resolution. PNG and WebP are lossless, so they keep the record's `pixel_sha256`."""

_ENCODING: dict[str, dict[str, Any]] = {
    # Lossless formats: a third of the usual time, at most a tenth larger.
    PNG.media_type: {"compress_level": 4},
    JPEG.media_type: {"quality": JPEG_QUALITY, "subsampling": 0},
    WEBP.media_type: {"lossless": True, "method": 1, "quality": 20},
}


def require_written(media_type: str) -> ImageFormat:
    """The output format of a media type. Raises InputError (`output-format`)."""
    kind = WRITTEN.get(media_type)
    if kind is None:
        raise InputError(
            f"pictures cannot be written as {media_type[:80]!r}",
            code="output-format",
            hint="One of " + ", ".join(WRITTEN),
        )
    return kind


def encode(
    pixels: Pixels,
    media_type: str,
    description: str | None = None,
    credit: str | None = None,
    mining: DataMining | None = None,
) -> bytes:
    """The picture, shape (height, width, 3), as lossless PNG, lossless WebP, or JPEG at JPEG_QUALITY.

    `description` is the text for viewers, `credit` goes into IPTC's field, `mining` into that of PLUS. Raises as
    `require_written` does.
    """
    kind = require_written(media_type)
    options = dict(_ENCODING[media_type])
    if description is not None:
        options["exif"] = viewer_text.exif(description)
        if kind is PNG:
            options["pnginfo"] = viewer_text.png_text(description, credit, mining)
        else:
            options["xmp"] = viewer_text.xmp(description, credit, mining)
    file = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, kind.decoder, **options)
    return file.getvalue()


def with_credentials(
    picture: Pixels | bytes,
    media_type: str,
    assertion: Assertion,
    signer: CredentialSigner,
    mining: DataMining | None = None,
) -> Signed:
    """The signed file of a generated picture, from pixels (encoded with the assertion's credit) or a file of `encode`.

    `mining`: what the file says of data mining and training, in XMP and in the manifest; nothing by default.
    Source: C2PA 2.2, `c2pa.actions.v2` with `c2pa.created`; no thumbnail. Raises as `encode` and `native.sign` do.
    """
    data = (
        picture
        if isinstance(picture, bytes)
        else encode(picture, media_type, assertion.description, assertion.credit, mining)
    )
    signed, store = native.sign(data, media_type, _manifest(assertion, mining), signer)
    return Signed(signed, hashlib.sha256(store).hexdigest())


def _manifest(assertion: Assertion, mining: DataMining | None) -> dict[str, Any]:
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
            *([] if mining is None else [mining_assertion(mining)]),
        ],
    }
