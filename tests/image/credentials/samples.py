"""Signers, assertions and files with credentials, as this project and as strangers make them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any

import c2pa

from ledger.image.credentials import native
from ledger.image.credentials.content import Assertion, CopiedWork
from ledger.image.credentials.signer import CredentialSigner, new_certificate, roots_of, signer_of
from ledger.image.credentials.write import encode, with_credentials
from tests.image.samples import pixels_of, textured

RECORD_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
PIXELS = pixels_of(textured(120, 80, 5))
MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp")
ASSERTION = Assertion(
    origin="log.example/artledger",
    record_id=RECORD_ID,
    model="studio",
    verdict="copy",
    copies=(
        CopiedWork("01890a5d-ac96-774b-bcce-b302099a8058", "Stër 12", "Ada", "near-duplicate", "0.9931", "0.0005"),
    ),
    reference="A near-duplicate of “Stër 12” by Ada.",
)


DRAWN = {
    "label": "c2pa.actions.v2",
    "data": {
        "actions": [
            {
                "action": "c2pa.created",
                "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation",
            }
        ]
    },
}
"""C2PA wants to know of every picture how it came about."""


@cache
def _signer(organisation: str) -> CredentialSigner:
    return signer_of(*new_certificate(organisation))


def signer(organisation: str = "Here") -> CredentialSigner:
    """The same one each time."""
    return _signer(organisation)


def our_roots() -> str:
    return roots_of(signer().certificates)


@cache
def signed(media_type: str = "image/png", organisation: str = "Here") -> bytes:
    return with_credentials(PIXELS, media_type, ASSERTION, signer(organisation)).data


def foreign(data: bytes, media_type: str, assertions: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """The file as another program signs it."""
    manifest = {
        "claim_generator_info": [{"name": "Brush", "version": "3"}],
        "assertions": [DRAWN, *assertions],
    }
    return native.sign(data, media_type, manifest, signer("Elsewhere"))[0]


def edited(data: bytes, media_type: str) -> bytes:
    """The file after another program has opened and saved it, with the credentials it had as an ingredient."""
    manifest = {
        "claim_generator_info": [{"name": "Brush"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.opened", "parameters": {
            "ingredientIds": ["parent"]}}]}}],
    }  # fmt: skip
    who = signer("Elsewhere")
    settings = c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": False}}})
    out = BytesIO()
    with c2pa.Context(settings=settings) as context, c2pa.Builder(json.dumps(manifest), context=context) as builder:
        ingredient = {"relationship": "parentOf", "label": "parent", "title": "before"}
        builder.add_ingredient(json.dumps(ingredient), media_type, BytesIO(data))
        info = c2pa.C2paSignerInfo(who.algorithm.encode(), who.certificates, who.key_pem, None)
        builder.sign(c2pa.Signer.from_info(info), media_type, BytesIO(data), out)
    return out.getvalue()


def remote(url: str, media_type: str = "image/jpeg") -> bytes:
    """A file whose manifest is not in it: it names this address."""
    who, out = signer(), BytesIO()
    with c2pa.Builder(json.dumps({"assertions": [DRAWN]})) as builder:
        builder.set_no_embed()
        builder.set_remote_url(url)
        info = c2pa.C2paSignerInfo(who.algorithm.encode(), who.certificates, who.key_pem, None)
        builder.sign(c2pa.Signer.from_info(info), media_type, BytesIO(encode(PIXELS, media_type)), out)
    assert url.encode() in out.getvalue()
    return out.getvalue()
