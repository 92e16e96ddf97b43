"""HEIC, BMP and SVG files, and the channels of a TIFF that Pillow does not know: pixels, causes, hostile forms."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ledger.errors import InputError
from ledger.image.decode import Decoded, decode
from ledger.image.kinds.tiff_channels import tiff_frame
from ledger.image.limits import DEFAULT_LIMITS
from ledger.image.pool import DecodePool
from tests.conformance.pixels.parts import WIDE
from tests.image.heic_grid import box, heic_grid
from tests.image.samples import png_chunk, save, slow_svg, textured
from tests.image.variants import CIELAB, CMYK, GREY, RGB, bmp, tiff_of

VECTORS = Path(__file__).parents[1] / "conformance" / "pixels" / "files"
PICTURE = textured(40, 30)


def read(data: bytes, max_pixels: int = DEFAULT_LIMITS.max_pixels) -> Decoded:
    return decode(data, replace(DEFAULT_LIMITS, max_pixels=max_pixels))


def code_of(data: bytes, max_pixels: int = DEFAULT_LIMITS.max_pixels) -> str:
    with pytest.raises(InputError) as caught:
        read(data, max_pixels)
    return caught.value.code


def digest(picture: Image.Image) -> str:
    head = b"artledger/pixels/v1\n" + struct.pack(">II", *picture.size)
    return hashlib.sha256(head + picture.convert("RGB").tobytes()).hexdigest()


# HEIC


def heic(name: str = "plain") -> bytes:
    return (VECTORS / f"{name}.heic").read_bytes()


def declaring(width: int, height: int) -> bytes:
    data = heic()
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


def test_heic_in_a_worker() -> None:
    with DecodePool(workers=1) as pool:
        found = pool.decode(heic())
    assert (found.media_type, found.width, found.height) == ("image/heic", 64, 48)
    assert read(heic()).pixel_sha256 == found.pixel_sha256


def test_a_picture_of_a_phone_is_turned_once() -> None:
    turned = read(heic("turned"))
    assert (turned.width, turned.height) == (48, 64)


def test_heic_bombs_cost_nothing() -> None:
    assert code_of(declaring(60_000, 60_000)) == "too-many-pixels"
    assert code_of(declaring(65, 48)) == "damaged"  # the picture inside has another size
    assert code_of(heic(), max_pixels=64 * 48 - 1) == "too-many-pixels"
    tiles = box(b"dimg", struct.pack(">HH", 1, 60_000) + bytes(120_000))
    grid = box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", bytes(4) + box(b"iref", bytes(4) + tiles))
    assert code_of(grid) == "too-complex"
    profile = box(b"colr", b"prof" + bytes(17 * 2**20))
    held = box(b"meta", bytes(4) + box(b"iprp", box(b"ipco", profile)))
    assert code_of(box(b"ftyp", b"heic\0\0\0\0mif1heic") + held) == "too-complex"


def test_a_grid_of_tiles_as_phones_write_it() -> None:
    found, tile = read(heic_grid(2, 3)), read(heic())
    assert (found.width, found.height) == (192, 128)
    whole = Image.frombytes("RGB", found.working_size, found.working)
    assert whole.crop((64, 64, 128, 112)).tobytes() == tile.working
    cut = read(heic_grid(2, 3, size=(150, 90)))
    assert (cut.width, cut.height) == (150, 90)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (heic_grid(2, 3, tiles=5), "damaged"),  # not one of its tiles instead
        (heic_grid(2, 2, size=(9_000, 9_000)), "damaged"),
        (heic_grid(2, 3, size=(60_000, 60_000)), "too-many-pixels"),
        (heic_grid(64, 65), "too-complex"),
        (heic_grid(33, 33), "too-complex"),  # libheif's own limit is 1,000 tiles
    ],
)
def test_hostile_grids(data: bytes, code: str) -> None:
    assert code_of(data) == code


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_heic_that_is_cut_off(part: float) -> None:
    assert code_of(heic()[: int(part * len(heic()))]) == "truncated"


def test_a_sequence_without_a_still_picture_is_named() -> None:
    assert code_of(box(b"ftyp", b"hevc\0\0\0\0hevcmsf1") + box(b"moov", bytes(100))) == "unsupported-format"


# BMP


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_bmp_has_the_pixels_of_the_same_png(mode: str) -> None:
    picture = PICTURE.quantize(200) if mode == "P" else PICTURE.convert(mode)
    assert read(save(picture, "BMP")).pixel_sha256 == read(save(picture, "PNG")).pixel_sha256


def test_alpha_of_a_bmp_counts_where_the_header_has_its_mask() -> None:
    clear = PICTURE.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    rows = clear.transpose(Image.Transpose.FLIP_TOP_BOTTOM).tobytes("raw", "BGRA")
    for compression, same in ((3, clear), (0, PICTURE)):
        masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
        head = struct.pack("<IiiHHIIiiII4I", 56, 40, 30, 1, 32, compression, len(rows), 0, 0, 0, 0, *masks)
        data = b"BM" + struct.pack("<IHHI", 70 + len(rows), 0, 0, 70) + head + rows
        assert read(data).pixel_sha256 == read(save(same, "PNG")).pixel_sha256


def sized(width: int, height: int) -> bytes:
    data = save(PICTURE, "BMP")
    return data[:18] + struct.pack("<ii", width, height) + data[26:]


def test_a_negative_height_means_rows_from_the_top() -> None:
    assert read(sized(40, -30)).pixel_sha256 == digest(PICTURE.transpose(Image.Transpose.FLIP_TOP_BOTTOM))


@pytest.mark.parametrize(
    ("width", "height", "code"),
    [
        (-40, 30, "damaged"),
        (0, 30, "damaged"),
        (40, 0, "damaged"),
        (2**31 - 1, 2**31 - 1, "too-many-pixels"),
        (40, -(2**31), "too-many-pixels"),
        (4000, 3000, "truncated"),
    ],
)
def test_hostile_sizes_of_a_bmp(width: int, height: int, code: str) -> None:
    assert code_of(sized(width, height)) == code


def test_a_packed_bmp_of_little_data_costs_little() -> None:
    data = bmp(8, 1, pixels=b"\x08\x01\0\0" * 8 + b"\0\1")
    assert read(data).width == 8
    assert code_of(data[:18] + struct.pack("<ii", 60_000, 60_000) + data[26:]) == "too-many-pixels"


# SVG


def test_svg_is_drawn() -> None:
    drawing = (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><rect width="20" height="10" fill="red"/></svg>'
    )
    found = read(drawing)
    assert (found.media_type, found.width, found.height) == ("image/svg+xml", 512, 256)
    assert found.pixel_sha256 == digest(Image.new("RGB", (512, 256), "red"))
    assert read(b'<?xml version="1.0"?>\n<!DOCTYPE svg>\n' + drawing).pixel_sha256 == found.pixel_sha256
    assert read(drawing.decode().encode("utf-16")).pixel_sha256 == found.pixel_sha256


def test_a_drawing_reads_no_file() -> None:
    link = f'<image href="{VECTORS / "rgb-8.png"}" width="9" height="9"/>'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{link}</svg>'
    with DecodePool(workers=1) as pool:  # only a worker gives up the right to open files
        found = pool.decode(drawing.encode())
    assert found.pixel_sha256 == digest(Image.new("RGB", (512, 512), "white"))


def test_a_drawing_that_takes_minutes_is_ended() -> None:
    with DecodePool(workers=1, limits=replace(DEFAULT_LIMITS, cpu_seconds=0.2)) as pool:
        with pytest.raises(InputError) as caught:
            pool.decode(slow_svg())
        assert caught.value.code == "decode-timeout"


def test_a_broken_drawing() -> None:
    assert code_of(b"<svg >") == "bad-svg"


# Channels of a TIFF


def stored_tiff(
    samples: NDArray[np.uint8 | np.uint16], photometric: int, extra: list[int], *, order: Literal["<", ">"] = "<"
) -> bytes:
    """Deflated rows of differences, all channels of a pixel side by side."""
    height, width, channels = samples.shape
    differences = np.diff(samples, axis=1, prepend=np.zeros((height, 1, channels), samples.dtype))
    body = zlib.compress(differences.astype(samples.dtype.newbyteorder(order)).tobytes())
    bits = samples.dtype.itemsize * 8
    tags = [
        *((256, "I", [width]), (257, "I", [height]), (258, "H", [bits] * channels), (259, "H", [8])),
        *((262, "H", [photometric]), (273, "I", [0]), (277, "H", [channels]), (278, "I", [height])),
        *((279, "I", [len(body)]), (284, "H", [1]), (317, "H", [2]), (338, "H", extra)),
    ]
    outside, entries = b"", b""
    start = 8 + 2 + 12 * len(tags) + 4
    for tag, kind, values in tags:
        value = struct.pack(f"{order}{len(values)}{kind}", *values)
        if tag == 273:
            value = struct.pack(order + "I", start + 2 * channels * (channels > 2) + 2 * len(extra) * (len(extra) > 2))
        entries += struct.pack(order + "HHI", tag, 3 if kind == "H" else 4, len(values))
        entries += struct.pack(order + "I", start + len(outside)) if len(value) > 4 else value.ljust(4, b"\0")
        outside += value if len(value) > 4 else b""
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HIH", 42, 8, len(tags))
    return head + entries + bytes(4) + outside + body


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("photometric", "channels", "extra"), [(GREY, 2, [2]), (RGB, 5, [0, 2]), (CMYK, 5, [2]), (CIELAB, 3, [])]
)
def test_differences_are_summed(
    photometric: int, channels: int, extra: list[int], kind: type[np.uint8 | np.uint16], order: Literal["<", ">"]
) -> None:
    samples: NDArray[np.uint8 | np.uint16] = (
        np.random.default_rng(1).integers(0, np.iinfo(kind).max, (9, 37, channels)).astype(kind)
    )
    frame = tiff_frame(stored_tiff(samples, photometric, extra, order=order), 0, DEFAULT_LIMITS)
    assert frame is not None
    high = (samples >> 8 if kind is np.uint16 else samples).astype(np.uint8)
    assert np.array_equal(np.asarray(frame.picture), np.squeeze(high[..., : channels - len(extra)]))
    assert (frame.alpha is None) == (not extra)
    if frame.alpha is not None:
        assert np.array_equal(np.asarray(frame.alpha), high[..., -1])


@pytest.mark.parametrize("planar", [False, True])
def test_alpha_of_cmyk_lies_over_white(planar: bool) -> None:
    data = tiff_of([8] * 5, CMYK, extra=[2], planar=planar)
    pixels = np.frombuffer(bytes(at * 37 % 251 for at in range(320)), np.uint8)
    ink = pixels.reshape(5, 64).T if planar else pixels.reshape(64, 5)
    plain = Image.frombytes("CMYK", (8, 8), np.ascontiguousarray(ink[:, :4]).tobytes()).convert("RGB")
    alpha = Image.frombytes("L", (8, 8), np.ascontiguousarray(ink[:, 4]).tobytes())
    assert read(data).pixel_sha256 == digest(Image.composite(plain, Image.new("RGB", (8, 8), "white"), alpha))


def test_associated_alpha_is_divided_out() -> None:
    data = tiff_of([8] * 4, RGB, extra=[1], planar=True)
    together = tiff_of([8] * 4, RGB, extra=[1])
    planes = np.frombuffer(data[-256:], np.uint8).reshape(4, 64)
    assert read(together[:-256] + planes.T.tobytes()).pixel_sha256 == read(data).pixel_sha256


def test_damaged_channels_are_damaged_and_cut_ones_truncated() -> None:
    """The layout is read, so it is not what is wrong."""
    samples = np.random.default_rng(2).integers(0, 255, (40, 50, 5)).astype(np.uint8)
    data = stored_tiff(samples, CMYK, [2])
    damaged = bytearray(data)
    damaged[-3000:-2900] = b"\xff" * 100
    assert (code_of(bytes(damaged)), code_of(data[:-2000])) == ("damaged", "truncated")


def test_absurd_layouts_are_refused() -> None:
    assert code_of(tiff_of([8] * 40, GREY, extra=[2] * 39)) == "unsupported-format"
    data = tiff_of([16] * 5, CMYK, extra=[2], planar=True)
    huge = data.replace(struct.pack("<HHII", 256, 4, 1, 8), struct.pack("<HHII", 256, 4, 1, 2**31 - 1))
    assert code_of(huge) == "too-many-pixels"


# Texts of a PNG


def test_texts_of_a_png_decide_nothing() -> None:
    """Pillow takes a text named `exif` for an EXIF block, and others likewise."""
    data = save(PICTURE, "PNG", icc_profile=WIDE)
    expected = read(data).pixel_sha256
    assert expected != digest(PICTURE)
    exif = b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
    texts = {
        b"tEXt": [
            (b"exif", exif),
            (b"icc_profile", b"x"),
            (b"transparency", b"x"),
            (b"Raw profile type exif", exif.hex().encode()),
        ],
        b"zTXt": [(b"exif", b"\0" + zlib.compress(exif))],
        b"iTXt": [(b"exif", b"\0\0\0\0" + exif), (b"transparency", b"\0\0\0\0x")],
    }
    for kind, values in texts.items():
        for key, value in values:
            chunk = png_chunk(kind, key + b"\0" + value)
            end = data.index(b"IDAT") - 4
            for put in (33, end, len(data) - 12):
                assert read(data[:put] + chunk + data[put:]).pixel_sha256 == expected
