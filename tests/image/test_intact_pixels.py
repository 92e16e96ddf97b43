"""Intact pixels are answered whatever the rest of the file says; what is too large in the rest is still refused."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from ledger.errors import InputError
from ledger.image.bare import bare_file
from ledger.image.decode import decode
from ledger.image.formats import AVIF, JPEG, PNG
from ledger.image.limits import DEFAULT_LIMITS
from tests.image.bombs import jpeg_segment, png_with_profile_bomb
from tests.image.samples import png_chunk, save, textured

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
"""As in a worker: Pillow warns of what it passes over."""

PICTURE = textured(60, 40)
PLAIN = {name: save(PICTURE, name) for name in ("PNG", "JPEG", "WEBP", "TIFF", "AVIF", "GIF")}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\0"
BROKEN_EXIF = b"Exif\0\0\xff\xff\xff\xff\xff\xff\xff\xff"


def digest(data: bytes) -> str:
    return decode(data, DEFAULT_LIMITS).pixel_sha256


def png(kind: bytes, body: bytes, *, after: bool = False, wrong: bool = False) -> bytes:
    """The plain PNG with one more chunk, before or after its pixels, perhaps with a wrong checksum."""
    chunk = png_chunk(kind, body)
    at = len(PLAIN["PNG"]) - 12 if after else 33
    return PLAIN["PNG"][:at] + (chunk[:-4] + bytes(4) if wrong else chunk) + PLAIN["PNG"][at:]


def jpeg(marker: int, body: bytes) -> bytes:
    return PLAIN["JPEG"][:2] + jpeg_segment(marker, body) + PLAIN["JPEG"][2:]


def avif_with_broken_exif() -> bytes:
    return save(PICTURE, "AVIF", exif=EXIF).replace(b"MM\0*", b"\xff" * 4)


BIG_TEXT = zlib.compress(bytes(50_000_000))
SAME: dict[str, tuple[str, Callable[[], bytes]]] = {
    "PNG, a text of 50 MB": ("PNG", lambda: png(b"zTXt", b"Comment\0\0" + BIG_TEXT)),
    "PNG, the same after the pixels": ("PNG", lambda: png(b"zTXt", b"Comment\0\0" + BIG_TEXT, after=True)),
    "PNG, XMP of 50 MB": ("PNG", lambda: png(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + BIG_TEXT)),
    "PNG, text that is not UTF-8": ("PNG", lambda: png(b"iTXt", b"Comment\0\0\0\xff\0\xfe\0\xff\xfe")),
    "PNG, text by an unknown method": ("PNG", lambda: png(b"zTXt", b"Comment\0\5abc")),
    "PNG, text with the name of a setting": ("PNG", lambda: png(b"tEXt", b"transparency\0abc")),
    "PNG, a profile by an unknown method": ("PNG", lambda: png(b"iCCP", b"x\0\5abc")),
    "PNG, a profile without a name": ("PNG", lambda: png(b"iCCP", b"")),
    "PNG, a short resolution": ("PNG", lambda: png(b"pHYs", b"")),
    "PNG, a short gamma": ("PNG", lambda: png(b"gAMA", b"\0")),
    "PNG, a short animation": ("PNG", lambda: png(b"acTL", b"")),
    "PNG, frames out of order": ("PNG", lambda: png(b"fcTL", b"\0\0\0\7" + bytes(22))),
    **{
        f"PNG, a wrong checksum of {kind.decode()}": ("PNG", lambda kind=kind: png(kind, bytes(9), wrong=True))  # type: ignore[misc]
        for kind in (b"pHYs", b"tEXt", b"iCCP", b"eXIf", b"tRNS", b"prVt", b"tIME")
    },
    "JPEG, a short part of a profile": ("JPEG", lambda: jpeg(0xE2, b"ICC_PROFILE\0\1")),
    "JPEG, a short JFIF header": ("JPEG", lambda: jpeg(0xE0, b"JFIF\0")),
    "JPEG, a short Adobe marker": ("JPEG", lambda: jpeg(0xEE, b"Adobe")),
    "JPEG, broken EXIF": ("JPEG", lambda: jpeg(0xE1, BROKEN_EXIF)),
    "JPEG, broken XMP": ("JPEG", lambda: jpeg(0xE1, b"http://ns.adobe.com/xap/1.0/\0\xff\xfe<")),
    "JPEG, a comment that is not UTF-8": ("JPEG", lambda: jpeg(0xFE, b"\xff\xfe\x80")),
    "WebP, broken EXIF and XMP": ("WEBP", lambda: save(PICTURE, "WEBP", exif=BROKEN_EXIF, xmp=b"\xff\xfe<")),
    "TIFF, broken XMP": ("TIFF", lambda: save(PICTURE, "TIFF", tiffinfo={700: b"\xff\xfe<"})),
    "TIFF, EXIF beyond the end": ("TIFF", lambda: save(PICTURE, "TIFF", tiffinfo={34665: 2**31 - 1})),
    "AVIF, broken EXIF": ("AVIF", avif_with_broken_exif),
    "GIF, a comment that is not UTF-8": ("GIF", lambda: save(PICTURE, "GIF", comment=b"\xff\xfe\x80")),
}


@pytest.mark.parametrize("what", SAME)
def test_the_pixels_are_those_of_the_plain_file(what: str) -> None:
    name, build = SAME[what]
    assert digest(build()) == digest(PLAIN[name])


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_a_large_profile_is_applied_like_a_small_one(name: str) -> None:
    """4 MiB, most of it unused."""
    options = {"lossless": True} if name == "WEBP" else {}
    large = save(PICTURE, name, icc_profile=SRGB + bytes(4 * 2**20), **options)
    assert digest(large) == digest(save(PICTURE, name, icc_profile=SRGB, **options))


def test_what_decides_pixels_is_kept() -> None:
    """Of a file that the decoder refuses for another part."""
    exif = EXIF[:-2] + b"\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
    profile = b"x\0\0" + zlib.compress(SRGB)
    wanted = png_chunk(b"iCCP", profile) + png_chunk(b"eXIf", exif[6:]) + png_chunk(b"tRNS", bytes(6))
    good = PLAIN["PNG"][:33] + wanted + PLAIN["PNG"][33:]
    bad = good[:33] + png_chunk(b"gAMA", b"") + good[33:]
    assert bare_file(PNG, bad) == good
    assert digest(bad) == digest(good) != digest(PLAIN["PNG"])
    turned = save(PICTURE, "JPEG", exif=exif, icc_profile=SRGB)
    stumbling = turned[:2] + jpeg_segment(0xED, b"") + jpeg_segment(0xE2, b"ICC_PROFILE\0") + turned[2:]
    assert digest(stumbling) == digest(turned) != digest(PLAIN["JPEG"])


def test_a_bomb_in_a_profile_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        decode(png_with_profile_bomb(), DEFAULT_LIMITS)
    assert caught.value.code == "too-complex"


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE"])
def test_a_wrong_checksum_of_a_critical_chunk_is_damage(kind: bytes) -> None:
    data = save(PICTURE.quantize(16), "PNG")
    at = data.index(kind)
    end = at + 4 + int.from_bytes(data[at - 4 : at], "big")
    with pytest.raises(InputError) as caught:
        decode(data[:end] + bytes(4) + data[end + 4 :], DEFAULT_LIMITS)
    assert caught.value.code == "damaged"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([PNG, JPEG, AVIF]), st.integers(0, 500), st.binary(min_size=1, max_size=30), st.booleans())
def test_any_file_can_be_laid_bare(kind: object, where: int, garbage: bytes, cut: bool) -> None:
    """Without an error, and never to more than there was."""
    assert kind in (PNG, JPEG, AVIF)
    data = PLAIN[kind.decoder][:where] + garbage + (b"" if cut else PLAIN[kind.decoder][where + len(garbage) :])
    assert len(bare_file(kind, data)) <= len(data)


def test_the_picture_itself_is_never_touched() -> None:
    for kind in (PNG, JPEG, AVIF):
        with (
            Image.open(io.BytesIO(bare_file(kind, PLAIN[kind.decoder]))) as opened,
            Image.open(io.BytesIO(PLAIN[kind.decoder])) as plain,
        ):
            assert opened.tobytes() == plain.tobytes()
