"""The merged image of Photoshop files; what is not in them is named."""

from __future__ import annotations

import hashlib
import struct
from io import BytesIO

import pytest
from PIL import Image

from ledger.errors import InputError
from ledger.image.decode import Decoded, decode
from ledger.image.limits import DEFAULT_LIMITS
from tests.conformance.pixels.parts import EXCHANGED
from tests.image.photoshop import (
    BITMAP,
    CLEAR_INDEX,
    CMYK,
    GREY,
    INDEXED,
    LAB,
    MULTICHANNEL,
    NO_MERGED_IMAGE,
    PROFILE,
    RGB,
    psd,
)
from tests.image.samples import save, textured

SIZE = (150, 20)
PICTURE = textured(*SIZE)


def planes_of(picture: Image.Image, *, bits: int = 8) -> list[bytes]:
    """The channels, of 16 bits with low bytes that count for nothing."""
    low = 0x5A
    return [
        bytes(band.tobytes()) if bits == 8 else b"".join(bytes((value, low)) for value in band.tobytes())
        for band in picture.split()
    ]


def read(data: bytes) -> Decoded:
    return decode(data, DEFAULT_LIMITS)


def digest(picture: Image.Image) -> str:
    head = b"artledger/pixels/v1\n" + struct.pack(">II", *picture.size)
    return hashlib.sha256(head + picture.convert("RGB").tobytes()).hexdigest()


def refusal(data: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read(data)
    return caught.value


@pytest.mark.parametrize("compression", [0, 1])
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
def test_rgb(compression: int, bits: int, wide: bool) -> None:
    data = psd(SIZE, RGB, planes_of(PICTURE, bits=bits), bits=bits, compression=compression, wide=wide)
    found = read(data)
    assert (found.pixel_sha256, found.media_type) == (digest(PICTURE), "image/vnd.adobe.photoshop")


def test_as_pillow_reads_it() -> None:
    data = psd(SIZE, RGB, planes_of(PICTURE), compression=1)
    with Image.open(BytesIO(data), formats=["PSD"]) as other:
        assert read(data).pixel_sha256 == digest(other)


@pytest.mark.parametrize(("mode", "name"), [(GREY, "L"), (CMYK, "CMYK"), (LAB, "LAB")])
def test_other_colours_are_those_of_the_same_tiff(mode: int, name: str) -> None:
    picture = PICTURE.convert(name) if name != "LAB" else Image.merge("LAB", PICTURE.split())
    stored = Image.eval(picture, lambda value: 255 - value) if mode == CMYK else picture
    assert read(psd(SIZE, mode, planes_of(stored))).pixel_sha256 == read(save(picture, "TIFF")).pixel_sha256


def test_bitmap_and_palette() -> None:
    black = Image.new("1", (150, 20), 1)
    black.paste(0, (3, 3, 90, 9))
    rows = bytes(each ^ 255 for each in black.tobytes())
    assert read(psd(SIZE, BITMAP, [rows], bits=1)).pixel_sha256 == digest(black)
    few = PICTURE.quantize(256)
    colours = few.getpalette() or []
    by_channel = bytes(
        colours[channel + 3 * at] if channel + 3 * at < len(colours) else 0 for channel in range(3) for at in range(256)
    )
    data = psd(SIZE, INDEXED, [few.tobytes()], palette=by_channel)
    assert read(data).pixel_sha256 == digest(few)
    few.info["transparency"] = few.tobytes()[0]
    clear = psd(
        SIZE, INDEXED, [few.tobytes()], palette=by_channel, resources={CLEAR_INDEX: few.tobytes()[:1].rjust(2, b"\0")}
    )
    assert read(clear).pixel_sha256 == read(save(few, "PNG")).pixel_sha256


@pytest.mark.parametrize("layers", [-1, 0, 3])
def test_the_colours_are_over_white_already(layers: int) -> None:
    planes = [*planes_of(PICTURE), bytes(range(150)) * 20]
    assert read(psd(SIZE, RGB, planes, layers=layers)).pixel_sha256 == digest(PICTURE)


def test_a_profile_counts() -> None:
    expected = read(save(PICTURE, "PNG", icc_profile=EXCHANGED)).pixel_sha256
    assert read(psd(SIZE, RGB, planes_of(PICTURE), resources={PROFILE: EXCHANGED})).pixel_sha256 == expected


def test_a_file_without_a_merged_image_says_so() -> None:
    error = refusal(psd(SIZE, RGB, planes_of(PICTURE), resources=NO_MERGED_IMAGE))
    assert error.code == "unsupported-format"
    assert "without a merged image" in error.message
    assert "Maximize compatibility" in str(error.hint)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (psd(SIZE, MULTICHANNEL, planes_of(PICTURE)), "Photoshop, multichannel, 8 bits per channel"),
        (psd(SIZE, RGB, [bytes(12_000)] * 3, bits=32), "Photoshop, RGB, 32 bits per channel"),
        (psd(SIZE, RGB, planes_of(PICTURE), compression=3), "Photoshop, compression 3 of the merged image"),
    ],
)
def test_variants_are_named(data: bytes, says: str) -> None:
    error = refusal(data)
    assert (error.code, error.message) == ("unsupported-format", f"{says}: this variant is not supported")


@pytest.mark.parametrize("compression", [0, 1])
@pytest.mark.parametrize("kept", [60, 30, 20, 0.97, 0.5])
def test_a_file_that_is_cut_off(compression: int, kept: float) -> None:
    data = psd(SIZE, RGB, planes_of(PICTURE), compression=compression, resources={PROFILE: bytes(100)})
    assert refusal(data[: int(kept if kept > 1 else kept * len(data))]).code == "truncated"


def test_hostile_sizes_and_counts() -> None:
    sound = psd(SIZE, RGB, planes_of(PICTURE), compression=1)
    huge = sound[:14] + struct.pack(">II", 300_000, 300_000) + sound[22:]
    assert refusal(huge).code == "too-many-pixels"
    rows = sound[:12] + struct.pack(">HI", 56, 120_000_000) + struct.pack(">I", 1) + sound[22:]
    assert refusal(rows).code == "truncated"
    # However many layers the file claims to have, they are not read.
    for count in (-32_768, 32_767):
        assert read(psd(SIZE, RGB, planes_of(PICTURE), layers=count)).pixel_sha256 == digest(PICTURE)
    profile = psd(SIZE, RGB, planes_of(PICTURE), resources={PROFILE: bytes(17 * 2**20)})
    assert refusal(profile).code == "too-complex"
    none = sound[:14] + bytes(8) + sound[22:]
    assert refusal(none).code == "damaged"
