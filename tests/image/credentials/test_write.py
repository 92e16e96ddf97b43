"""Files as they are handed out: valid to any C2PA reader, readable to ordinary viewers, the picture unchanged."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import c2pa
import numpy as np
import pytest
from PIL import Image

from ledger.errors import ConflictError, InputError
from ledger.image.credentials.assertion import parse_assertion
from ledger.image.credentials.containers import embedded_manifest
from ledger.image.credentials.content import LABEL, TRAINED_ALGORITHMIC_MEDIA
from ledger.image.credentials.signer import CredentialSigner
from ledger.image.credentials.write import encode, with_credentials
from ledger.image.decode import decode
from ledger.image.from_pixels import image_of
from ledger.image.limits import DEFAULT_LIMITS
from tests.image.credentials.samples import ASSERTION, MEDIA_TYPES, PIXELS, our_roots, signed, signer


def report(data: bytes, media_type: str, settings: dict[str, Any] | None = None) -> Any:
    """What C2PA's own reader says, with its settings as they come, or with these."""
    context = c2pa.Context(settings=c2pa.Settings.from_dict(settings)) if settings else c2pa.Context()
    with context, c2pa.Reader(media_type, BytesIO(data), context=context) as reader:
        return json.loads(reader.json())


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_any_reader_calls_it_valid(media_type: str) -> None:
    document = report(signed(media_type), media_type)
    assert document["validation_state"] == "Valid"
    assert [each["code"] for each in document["validation_status"]] == ["signingCredential.untrusted"]
    manifest = document["manifests"][document["active_manifest"]]
    assertions = {each["label"]: each["data"] for each in manifest["assertions"]}
    [action] = assertions["c2pa.actions.v2"]["actions"]
    assert (action["action"], action["digitalSourceType"]) == ("c2pa.created", TRAINED_ALGORITHMIC_MEDIA)
    assert assertions[LABEL] == ASSERTION.to_json()
    assert "thumbnail" not in manifest
    assert manifest["signature_info"]["issuer"] == "Here"


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_who_trusts_the_root_trusts_it(media_type: str) -> None:
    settings = {"verify": {"verify_trust": True}, "trust": {"user_anchors": our_roots()}}
    assert report(signed(media_type), media_type, settings)["validation_state"] == "Trusted"


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_the_manifest_is_small_and_its_digest_is_told(media_type: str) -> None:
    made = with_credentials(PIXELS, media_type, ASSERTION, signer())
    store = embedded_manifest(made.data, media_type)
    assert store is not None
    assert made.manifest_sha256 == hashlib.sha256(store).hexdigest()
    assert len(made.data) - len(encode(PIXELS, media_type, ASSERTION.credit)) < 8_192


def test_lossless_files_have_the_pixels_of_the_record() -> None:
    expected = image_of(PIXELS).pixel_sha256
    for media_type in ("image/png", "image/webp"):
        assert decode(signed(media_type), DEFAULT_LIMITS).pixel_sha256 == expected
    with Image.open(BytesIO(signed("image/jpeg"))) as picture:
        difference = np.abs(np.asarray(picture).astype(int) - PIXELS)
    assert difference.mean() < 2


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_ordinary_viewers_show_the_credit(media_type: str) -> None:
    with Image.open(BytesIO(signed(media_type))) as picture:
        picture.load()
        tags, packet, info = picture.getexif(), picture.info["xmp"], picture.info
    # Pillow reads EXIF's text byte for byte.
    assert tags[0x010E].encode("latin-1").decode() == ASSERTION.description
    root = ElementTree.fromstring(packet.decode().partition("?>")[2].rpartition("<?")[0])  # noqa: S314 - our own
    texts = [element.text for element in root.iter() if element.text and element.text.strip()]
    assert (texts.count(ASSERTION.description), texts.count(ASSERTION.credit or "")) == (1, 1)
    assert TRAINED_ALGORITHMIC_MEDIA in texts
    if media_type == "image/png":
        assert info["Description"] == ASSERTION.description
    assert ASSERTION.reference in ASSERTION.description
    assert ASSERTION.record_id in ASSERTION.description


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_where_nothing_was_copied_nobody_is_credited(media_type: str) -> None:
    nothing = replace(ASSERTION, verdict="none", copies=(), reference="No copy of a registered work was found.")
    data = with_credentials(PIXELS, media_type, nothing, signer()).data
    with Image.open(BytesIO(data)) as picture:
        packet = picture.info["xmp"].decode()
    assert "photoshop:Credit>" not in packet
    assert "No copy of a registered work was found." in packet


def test_hostile_names_are_cleaned_and_still_come_back() -> None:
    work = replace(ASSERTION.copies[0], title="</rdf:li>\x00\u202e<script>" + "x" * 5_000, artist="\n\ud800 & \x1b[31m")
    hostile = replace(ASSERTION, copies=(work,) * 50, reference="]]>&<\x00" + "y" * 5_000)
    data = with_credentials(PIXELS, "image/png", hostile, signer()).data
    manifests = report(data, "image/png")["manifests"]
    [told] = [each["data"] for each in next(iter(manifests.values()))["assertions"] if each["label"] == LABEL]
    back = parse_assertion(told)
    assert back is not None
    assert back.to_json() == told
    assert len(back.copies) == 10
    assert "\u202e" not in back.copies[0].title
    with Image.open(BytesIO(data)) as picture:
        packet = picture.info["xmp"].decode()
    ElementTree.fromstring(packet.partition("?>")[2].rpartition("<?")[0])  # noqa: S314 - is it XML at all?


def test_refuses_other_formats() -> None:
    for media_type in ("image/gif", "image/avif", "text/html", ""):
        with pytest.raises(InputError) as caught:
            with_credentials(PIXELS, media_type, ASSERTION, signer())
        assert caught.value.code == "output-format"


def test_a_certificate_that_is_not_fit_is_named() -> None:
    good = signer()
    unfit = CredentialSigner(good.certificates.partition(b"-----END CERTIFICATE-----\n")[2], "es256", good.key_pem)
    with pytest.raises(ConflictError) as caught:
        with_credentials(PIXELS, "image/png", ASSERTION, unfit)
    assert caught.value.code == "credentials-signing"
    assert "PRIVATE" not in caught.value.message


def test_signs_and_reads_after_a_fork() -> None:
    """The service's workers are forked from a process that may have used the library."""
    signed("image/png")
    child = os.fork()
    if child == 0:
        try:
            fresh = with_credentials(PIXELS, "image/png", ASSERTION, signer()).data
            os._exit(0 if report(fresh, "image/png")["validation_state"] == "Valid" else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
