"""Every broken, hostile or foreign file gives one InputError whose code names the cause."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ledger.errors import InputError
from ledger.image.decode import decode
from ledger.image.formats import ACCEPTED, HEIC, PSD, SVG, sniff
from ledger.image.limits import DEFAULT_LIMITS
from tests.image.samples import png_of_size, save, textured

FORMATS = [kind.decoder for kind in ACCEPTED if kind not in (HEIC, PSD, SVG)]
"""Those that Pillow writes."""
SAMPLES = {name: save(textured(200, 150), name) for name in FORMATS}
CODES = {
    "empty-file",
    "not-an-image",
    "unsupported-format",
    "too-large",
    "too-many-pixels",
    "too-complex",
    "truncated",
    "damaged",
    "decode-memory",
}


def code_of(data: bytes, max_pixels: int = DEFAULT_LIMITS.max_pixels) -> str:
    with pytest.raises(InputError) as caught:
        decode(data, replace(DEFAULT_LIMITS, max_pixels=max_pixels))
    assert caught.value.hint
    return caught.value.code


def outcome(work: Callable[[], object]) -> str:
    try:
        work()
    except InputError as error:
        return error.code
    return "fine"


@pytest.mark.parametrize("name", FORMATS)
def test_format_is_told_by_content(name: str) -> None:
    decoded = decode(SAMPLES[name], DEFAULT_LIMITS)
    assert decoded.media_type == f"image/{name.lower()}"
    assert (decoded.width, decoded.height) == (200, 150)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        (b"This is a text, whatever it is called.\n", "not-an-image"),
        (bytes(range(256)), "not-an-image"),
        (b"BMW is the name of a car", "not-an-image"),
        (b"%PDF-1.7\n", "unsupported-format"),
        (b"\xff\x0a" + bytes(100), "unsupported-format"),
        (b"<!DOCTYPE html><html><body><svg width='9'/></body></html>", "not-an-image"),
        (b"A text about <svg> elements", "not-an-image"),
    ],
)
def test_what_is_no_accepted_picture(data: bytes, code: str) -> None:
    assert code_of(data) == code


def test_text_is_called_text() -> None:
    with pytest.raises(InputError, match="content is text"):
        sniff(b"hello\n")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_truncated_files(name: str, part: float) -> None:
    data = SAMPLES[name]
    assert code_of(data[: int(len(data) * part)]) in {"truncated", "damaged"}


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_in_the_middle_is_called_truncated(name: str) -> None:
    assert code_of(SAMPLES[name][: len(SAMPLES[name]) // 2]) == "truncated"


def test_damaged_data() -> None:
    data = bytearray(save(textured(200, 150), "PNG"))
    middle = len(data) // 2
    data[middle : middle + 40] = b"\x55" * 40
    assert code_of(bytes(data)) == "damaged"


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_pixel_limit_is_checked_before_decoding(name: str) -> None:
    assert code_of(SAMPLES[name], max_pixels=200 * 150 - 1) == "too-many-pixels"


@pytest.mark.parametrize("lossless", [True, False])
def test_webp_header_is_read_without_the_decoder(lossless: bool) -> None:
    for picture in (textured(300, 200), textured(300, 200).convert("RGBA")):
        data = save(picture, "WEBP", lossless=lossless)
        # Cut so that no decoder could open it: the refusal comes from the header alone.
        assert code_of(data[:40], max_pixels=300 * 200 - 1) == "too-many-pixels"
        assert code_of(data[:40], max_pixels=300 * 200) == "truncated"


def test_bomb_costs_nothing() -> None:
    assert code_of(png_of_size(50_000, 50_000)) == "too-many-pixels"


def test_too_many_bytes() -> None:
    with pytest.raises(InputError) as caught:
        decode(SAMPLES["PNG"], replace(DEFAULT_LIMITS, max_bytes=100))
    assert caught.value.code == "too-large"


def test_one_pixel() -> None:
    for name in FORMATS:
        assert decode(save(Image.new("RGB", (1, 1), "red"), name), DEFAULT_LIMITS).working_size == (1, 1)


def test_details_do_not_quote_control_characters() -> None:
    with pytest.raises(InputError) as caught:
        decode(SAMPLES["GIF"][:300], DEFAULT_LIMITS)
    assert caught.value.message.isprintable()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FORMATS), st.integers(0, 400), st.binary(min_size=1, max_size=30))
def test_garbage_in_headers_never_escapes_as_another_error(name: str, where: int, garbage: bytes) -> None:
    data = bytearray(SAMPLES[name])
    data[where : where + len(garbage)] = garbage
    assert outcome(lambda: decode(bytes(data), replace(DEFAULT_LIMITS, max_pixels=1_000_000))) in CODES | {"fine"}


@given(st.binary(max_size=200))
def test_sniffing_any_bytes(data: bytes) -> None:
    assert outcome(lambda: sniff(data)) in {"fine", "empty-file", "not-an-image", "unsupported-format"}


def test_the_worker_needs_only_pillow() -> None:
    heavy = "{'numpy', 'cv2', 'torch'}"
    script = f"import sys, ledger.image.worker; print(sorted({heavy} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
