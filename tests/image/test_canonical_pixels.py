"""Canonical pixels of every mode against pixels computed by hand (FORMAT.md, Values)."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from ledger.errors import InputError
from ledger.image import canonical_pixels as module
from ledger.image.decode import Decoded, decode
from ledger.image.limits import DEFAULT_LIMITS
from tests.image.samples import pixels_of, save, textured

Colour = tuple[int, int, int]


def pixels(decoded: Decoded) -> list[Colour]:
    values = list(decoded.working)
    return [(values[i], values[i + 1], values[i + 2]) for i in range(0, len(values), 3)]


def decode_file(data: bytes) -> Decoded:
    return decode(data, DEFAULT_LIMITS)


def digest_by_hand(width: int, height: int, rows: bytes) -> str:
    return hashlib.sha256(b"artledger/pixels/v1\n" + struct.pack(">II", width, height) + rows).hexdigest()


def test_known_answer_of_the_pixel_digest() -> None:
    picture = Image.new("RGB", (2, 1))
    picture.putpixel((0, 0), (255, 0, 1))
    picture.putpixel((1, 0), (2, 3, 4))
    decoded = decode_file(save(picture, "PNG"))
    # printf 'artledger/pixels/v1\n\0\0\0\2\0\0\0\1\377\0\1\2\3\4' | sha256sum
    assert decoded.pixel_sha256 == "05e37dbc6fe96a226a48ed51b7305cd25e63e9cf3b82f0d645317f4155f71624"
    assert (decoded.width, decoded.height) == (2, 1)


@pytest.mark.parametrize(
    ("mode", "sample", "expected"),
    [
        ("1", 255, (255, 255, 255)),
        ("L", 77, (77, 77, 77)),
        ("LA", (100, 128), (177, 177, 177)),  # (100*128 + 255*127) / 255 = 177.2
        ("RGB", (1, 2, 3), (1, 2, 3)),
        ("RGBA", (10, 20, 30, 0), (255, 255, 255)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("RGBA", (0, 100, 200, 51), (204, 224, 244)),  # a fifth of the colour over four fifths of white
        ("I;16", 0x4D80, (0x4D, 0x4D, 0x4D)),
    ],
)
def test_png_modes(mode: str, sample: int | tuple[int, ...], expected: Colour) -> None:
    decoded = decode_file(save(Image.new(mode, (3, 2), sample), "PNG"))
    assert pixels(decoded) == [expected] * 6


@pytest.mark.parametrize("mode", ["L", "P", "RGB"])
def test_a_transparent_colour_becomes_white(mode: str) -> None:
    picture = Image.new(mode, (2, 1), 0)
    if mode == "P":
        picture.putpalette([9, 9, 9, 40, 50, 60])
    picture.putpixel((1, 0), (40, 50, 60) if mode == "RGB" else 1)
    transparency = (0, 0, 0) if mode == "RGB" else 0
    second = {"L": (1, 1, 1), "P": (40, 50, 60), "RGB": (40, 50, 60)}[mode]
    assert pixels(decode_file(save(picture, "PNG", transparency=transparency))) == [(255, 255, 255), second]


def test_cmyk_tiff() -> None:
    picture = Image.new("CMYK", (2, 2), (255, 0, 0, 0))
    assert pixels(decode_file(save(picture, "TIFF")))[0] == (0, 255, 255)


def test_measured_values_are_refused() -> None:
    with pytest.raises(InputError, match="are not supported") as caught:
        decode_file(save(Image.new("F", (4, 4), 0.5), "TIFF"))
    assert caught.value.code == "unsupported-format"


def test_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (5, 5), colour) for colour in ("red", "blue", "green")]
    for file_format in ("GIF", "WEBP", "PNG"):
        lossless = {"lossless": True} if file_format == "WEBP" else {}
        data = save(frames[0], file_format, save_all=True, append_images=frames[1:], **lossless)
        assert pixels(decode_file(data))[0] == (255, 0, 0), file_format


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation: int) -> None:
    """The corner marked red is brought to the top left by the tag's definition (EXIF 2.32, 4.6.4)."""
    upright = Image.new("RGB", (3, 2), "white")
    upright.putpixel((0, 0), (255, 0, 0))
    stored = {
        1: upright,
        2: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: upright.transpose(Image.Transpose.ROTATE_180),
        4: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: upright.transpose(Image.Transpose.TRANSPOSE),
        6: upright.transpose(Image.Transpose.ROTATE_90),
        7: upright.transpose(Image.Transpose.TRANSVERSE),
        8: upright.transpose(Image.Transpose.ROTATE_270),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode_file(save(stored, "PNG", exif=exif.tobytes()))
    assert (decoded.width, decoded.height) == (3, 2)
    assert decoded.pixel_sha256 == digest_by_hand(3, 2, upright.tobytes())


def test_an_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    decoded = decode_file(save(Image.new("RGB", (4, 4), (200, 100, 50)), "PNG", icc_profile=profile))
    assert all(abs(a - b) <= 1 for a, b in zip(pixels(decoded)[0], (200, 100, 50), strict=True))


def exchanged_profile() -> bytes:
    """sRGB's profile with the red and the blue colorant exchanged: red numbers mean blue light."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    tags = {bytes(profile[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


def test_colour_profile_changes_the_pixels_as_it_says() -> None:
    picture = Image.new("RGB", (4, 4), (220, 0, 0))
    decoded = decode_file(save(picture, "PNG", icc_profile=exchanged_profile()))
    red, green, blue = pixels(decoded)[0]
    assert (red < 8, green < 8, abs(blue - 220) < 8) == (True, True, True)


def test_profile_of_a_picture_with_alpha_leaves_white_white() -> None:
    picture = Image.new("RGBA", (4, 4), (220, 0, 0, 0))
    assert pixels(decode_file(save(picture, "PNG", icc_profile=exchanged_profile())))[0] == (255, 255, 255)


@pytest.mark.parametrize("profile", [b"garbage", b"\0" * 200, exchanged_profile()[:300]])
def test_a_broken_profile_means_srgb(profile: bytes) -> None:
    decoded = decode_file(save(Image.new("RGB", (2, 2), (9, 8, 7)), "PNG", icc_profile=profile))
    assert pixels(decoded)[0] == (9, 8, 7)


def test_a_large_profile_of_a_png_is_read() -> None:
    large = exchanged_profile() + bytes(4 * 2**20)
    decoded = decode_file(save(Image.new("RGB", (2, 2), (220, 0, 0)), "PNG", icc_profile=large))
    assert abs(pixels(decoded)[0][2] - 220) < 8


def test_broken_exif_is_ignored() -> None:
    data = save(Image.new("RGB", (2, 2), (9, 8, 7)), "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert pixels(decode_file(data))[0] == (9, 8, 7)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 90) | st.integers(1500, 2200),
    st.integers(1, 90) | st.integers(1500, 2200),
    st.sampled_from(["RGB", "RGBA", "L", "LA", "P", "1"]),
    st.integers(1, 700) | st.integers(20_000, 500_000),
)
def test_strips_do_not_show(width: int, height: int, mode: str, strip: int) -> None:
    """However the picture is cut into strips, digest and working picture are those of the whole."""
    picture = textured(width, height).convert(mode)
    whole = module.canonical_pixels(picture)
    original, module._STRIP_PIXELS = module._STRIP_PIXELS, strip
    try:
        cut = module.canonical_pixels(picture)
    finally:
        module._STRIP_PIXELS = original
    assert cut[:3] == whole[:3]
    assert cut.working.tobytes() == whole.working.tobytes()


@pytest.mark.parametrize("size", [(1700, 1111), (513, 512), (5000, 30)])
def test_working_picture_is_a_faithful_reduction(size: tuple[int, int]) -> None:
    picture = textured(*size)
    decoded = decode_file(save(picture, "PNG"))
    assert max(decoded.working_size) == 512
    assert decoded.pixel_sha256 == digest_by_hand(*size, picture.tobytes())
    working = np.frombuffer(decoded.working, np.uint8).reshape(*reversed(decoded.working_size), 3)
    reference = pixels_of(picture.resize(decoded.working_size, Image.Resampling.LANCZOS))
    assert np.abs(working.astype(int) - reference.astype(int)).mean() < 1


def test_small_pictures_are_not_scaled_up() -> None:
    decoded = decode_file(save(textured(40, 30), "PNG"))
    assert decoded.working_size == (40, 30)


def test_orientation_of_jpeg_and_tiff() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for file_format in ("JPEG", "TIFF", "WEBP", "AVIF"):
        decoded = decode_file(save(textured(60, 40), file_format, exif=exif))
        assert (decoded.width, decoded.height) == (40, 60), file_format
