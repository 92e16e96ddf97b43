"""Bombs of every kind are refused before a decoder sees them, cheaply and in words; ordinary large pictures pass."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ledger.errors import InputError
from ledger.image.formats import ACCEPTED, BMP, HEIC, PSD, SVG, sniff
from ledger.image.limits import DEFAULT_LIMITS, DecodeLimits
from ledger.image.pool import DecodePool
from ledger.image.structure import check_structure
from tests.image.bombs import CANVASES, COMPLEX, gif, progressive_jpeg, tiff_loop, tiff_of_directories, tiff_of_strips
from tests.image.samples import png_of_size, save, textured
from tests.image.test_decode import outcome
from tests.image.test_pool import children, cpu_seconds

FORMATS = [kind.decoder for kind in ACCEPTED if kind not in (BMP, HEIC, PSD, SVG)]


def refusal(data: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        check_structure(sniff(data), data, DEFAULT_LIMITS)
    return caught.value


@pytest.mark.parametrize("bomb", COMPLEX.values(), ids=list(COMPLEX))
def test_what_costs_too_much_is_refused_before_decoding(bomb: Callable[[], bytes]) -> None:
    data = bomb()
    start = time.process_time()
    error = refusal(data)
    assert time.process_time() - start < 2
    assert (error.code, bool(error.hint)) == ("too-complex", True)
    assert "more than" in error.message


@pytest.mark.parametrize("bomb", CANVASES.values(), ids=list(CANVASES))
def test_a_huge_canvas_is_refused_before_decoding(bomb: Callable[[], bytes]) -> None:
    assert refusal(bomb()).code == "too-many-pixels"


def test_directories_that_form_a_loop() -> None:
    error = refusal(tiff_loop())
    assert error.code == "damaged"
    assert "loop" in error.message


def test_the_limits_are_those_that_are_stated() -> None:
    for data in (progressive_jpeg(64, 64, 90), gif(5_000), tiff_of_strips(65_000), tiff_of_directories(990)):
        check_structure(sniff(data), data, DEFAULT_LIMITS)


def test_what_a_bomb_costs_a_worker() -> None:
    """All bombs together, in one worker, cost less processor time than one picture may."""
    before = children()
    with DecodePool(workers=1) as pool:
        pool.decode(save(textured(10, 10), "PNG"))
        (worker,) = children() - before
        start = cpu_seconds(worker)
        for bomb in (*COMPLEX.values(), *CANVASES.values(), tiff_loop):
            with pytest.raises(InputError):
                pool.decode(bomb())
        assert children() - before == {worker}
        assert cpu_seconds(worker) - start < DEFAULT_LIMITS.cpu_seconds


def test_the_processor_limit_stops_what_no_check_foresees() -> None:
    bomb = progressive_jpeg(10_900, 10_900, 90)
    with DecodePool(workers=1, limits=DecodeLimits(cpu_seconds=0.5)) as pool:
        start = time.monotonic()
        with pytest.raises(InputError, match="processor time") as caught:
            pool.decode(bomb)
        assert caught.value.code == "decode-timeout"
        assert time.monotonic() - start < DEFAULT_LIMITS.seconds
        for _ in range(3):  # the limit is each picture's, not the worker's
            assert pool.decode(png_of_size(3000, 3000, complete=True)).width == 3000


def test_ordinary_large_pictures_pass() -> None:
    progressive = save(textured(6000, 4000), "JPEG", progressive=True, quality=92)
    assert progressive.count(b"\xff\xda") >= 10
    with DecodePool(workers=1) as pool:
        assert pool.decode(progressive).width == 6000
        assert pool.decode(save(textured(8000, 6000), "PNG", compress_level=1)).height == 6000
        assert pool.decode(save(textured(6000, 4000), "TIFF", compression="tiff_lzw")).width == 6000


@pytest.mark.parametrize("name", FORMATS)
def test_ordinary_animations_and_profiles_pass(name: str) -> None:
    frames = [textured(40, 30, seed) for seed in range(20)]
    several = {} if name == "JPEG" else {"save_all": True, "append_images": frames[1:]}
    data = save(frames[0], name, **several)
    check_structure(sniff(data), data, DEFAULT_LIMITS)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FORMATS), st.integers(0, 400), st.binary(min_size=1, max_size=30))
def test_no_broken_structure_raises_anything_else(name: str, where: int, garbage: bytes) -> None:
    data = bytearray(SAMPLES[name])
    data[where : where + len(garbage)] = garbage
    assert outcome(lambda: check_structure(sniff(bytes(data)), bytes(data), DEFAULT_LIMITS)) in {
        *("fine", "too-complex", "too-many-pixels", "damaged", "not-an-image", "unsupported-format")
    }


SAMPLES = {name: save(Image.new("RGB", (20, 10), "red"), name) for name in FORMATS}
