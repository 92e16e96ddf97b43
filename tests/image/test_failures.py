"""A file that is not read says why: cut off, damaged, of a named variant, too large for memory or time."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from PIL import Image

from ledger.errors import InputError
from ledger.image.decode import decode
from ledger.image.limits import DEFAULT_LIMITS, DecodeLimits
from ledger.image.pool import DecodePool
from tests.image.samples import png_chunk, save, textured
from tests.image.variants import BEGIN, END, PAGE, VARIANTS, YCBCR, table, tiff_of

NAMES = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "AVIF", "BMP")
PICTURE = textured(200, 150)
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
"""As in a worker."""


def refusal(data: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        decode(data, DEFAULT_LIMITS)
    return caught.value


def refusal_or_none(data: bytes) -> InputError | None:
    try:
        decode(data, DEFAULT_LIMITS)
    except InputError as error:
        return error
    return None


def test_the_page_has_the_table_of_variants() -> None:
    """`python -m tests.image.variants` writes it."""
    assert PAGE.read_text().partition(BEGIN)[2].partition(END)[0].strip() == table().strip()
    assert table().count("| read |") >= len(VARIANTS) // 3


def test_a_variant_is_named() -> None:
    error = refusal(tiff_of([8] * 3, YCBCR, planar=True))
    assert error.code == "unsupported-format"
    assert error.message.startswith("TIFF, planar YCbCr, 3 channels of 8 bits")


@pytest.mark.parametrize("name", NAMES)
def test_the_beginning_of_a_file_is_truncated(name: str) -> None:
    options = {"compression": "tiff_lzw"} if name == "TIFF" else {}
    data = save(PICTURE, name, **options)
    for part in (0.3, 0.5, 0.7, 0.95):
        error = refusal(data[: int(len(data) * part)])
        assert error.code == "truncated"
        assert "complete file" in str(error.hint)


@pytest.mark.parametrize("name", NAMES)
def test_a_complete_file_is_never_called_incomplete(name: str) -> None:
    """Its picture's data are overwritten, its structure and its end are there."""
    data = bytearray(save(PICTURE, name, **({"compression": "tiff_lzw"} if name == "TIFF" else {})))
    middle = len(data) // 2
    data[middle : middle + 60] = b"\x55" * 60
    error = refusal_or_none(bytes(data))
    if error is not None:  # AVIF and GIF may decode to other pixels
        assert error.code == "damaged"
        assert "complete" not in f"{error.message} {error.hint}"
        assert "truncated" not in error.message


def test_a_complete_png_with_too_little_data_is_damaged() -> None:
    data = save(PICTURE, "PNG")
    start = data.index(b"IDAT") - 4
    length = int.from_bytes(data[start : start + 4], "big")
    half = png_chunk(b"IDAT", data[start + 8 : start + 8 + length // 2])
    error = refusal(data[:start] + half + data[-12:])
    assert (error.code, "ends before the picture" in error.message) == ("damaged", True)


def test_a_large_progressive_jpeg_is_read_or_called_too_large_for_memory() -> None:
    phone = save(Image.linear_gradient("L").resize((6000, 5000)).convert("RGB"), "JPEG", progressive=True)
    for memory in (64, 128, 160, 192):
        with DecodePool(workers=1, limits=replace(DEFAULT_LIMITS, memory=memory * 2**20)) as small:
            with pytest.raises(InputError) as caught:
                small.decode(phone)
            assert caught.value.code == "decode-memory", memory
    with DecodePool(workers=1, limits=DecodeLimits(memory=512 * 2**20)) as pool:
        assert pool.decode(phone).width == 6000


@pytest.mark.parametrize(("subsampling", "needed"), [(0, 10), (2, 7)])
def test_memory_that_a_progressive_jpeg_of_a_phone_needs(subsampling: int, needed: int) -> None:
    """Of 108 megapixels: 4 bytes a pixel, and 2 for each sample. A JPEG of 6 megapixels stands for it, in as much less
    memory."""
    small = save(Image.new("RGB", (3000, 2000)), "JPEG", progressive=True, subsampling=subsampling)
    memory = int(needed * 6_000_000 * 0.97)
    with DecodePool(workers=1, limits=replace(DEFAULT_LIMITS, memory=memory)) as pool:
        with pytest.raises(InputError) as caught:
            pool.decode(small)
        assert caught.value.code == "decode-memory"


def test_no_hint_but_that_of_a_cut_file_asks_for_the_complete_one() -> None:
    for build in VARIANTS.values():
        error = refusal_or_none(build())
        if error is not None:
            assert error.code == "unsupported-format"
            assert not re.search("complete|again", str(error.hint))
