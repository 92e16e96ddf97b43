"""SVG drawings: size from what the file has, nothing from outside the file, hostile ones cost one worker."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from ledger.errors import InputError
from ledger.image.kinds.svg import RASTER_SIDE
from ledger.image.pool import DecodePool
from tests.image.samples import save

OPENCLIPART = Path("/usr/share/openclipart/svg")
SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(workers=1) as running:
        yield running


def render(pool: DecodePool, text: str, encoding: str = "utf-8") -> Image.Image:
    with Image.open(BytesIO(pool.rasterise(text.encode(encoding)))) as picture:
        return picture.convert("RGBA")


@pytest.mark.parametrize(
    "size",
    [
        'width="50" height="200"',
        'width="10mm" height="40mm"',
        'viewBox="0 0 50 200"',
        'width="100%" height="100%" viewBox="0 0 50 200"',
        "",
        'width="5e8" height="20e8"',
    ],
)
def test_size_from_whatever_there_is(pool: DecodePool, size: str) -> None:
    picture = render(pool, f'<svg {SVG} {size}><rect width="50" height="200" fill="red"/></svg>')
    assert picture.height == RASTER_SIDE
    assert abs(picture.width - RASTER_SIDE // 4) <= 1


@pytest.mark.parametrize(
    ("declaration", "encoding"),
    [
        ('<?xml version="1.0" encoding="UTF-8"?>', "utf-8"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>', "latin-1"),
        ("", "utf-8-sig"),
        ('<?xml version="1.0" encoding="UTF-16"?>', "utf-16"),
    ],
)
def test_encodings(pool: DecodePool, declaration: str, encoding: str) -> None:
    text = f'{declaration}<svg {SVG} viewBox="0 0 2 1"><title>été</title><rect width="2" height="1"/></svg>'
    assert render(pool, text, encoding).size == (RASTER_SIDE, RASTER_SIDE // 2)


@pytest.mark.parametrize(
    "data", [b"", b"text", b"<svg", b"\xff\xfe\xff", b'<?xml version="1.0" encoding="nope"?><svg/>']
)
def test_what_is_no_drawing(pool: DecodePool, data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        pool.rasterise(data)
    assert caught.value.code == "bad-svg"


def test_files_are_not_read(pool: DecodePool, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(save(Image.new("RGB", (10, 10), "red"), "PNG"))
    for reference in (str(secret), secret.as_uri()):
        picture = render(
            pool, f'<svg {SVG} width="9" height="9"><image width="9" height="9" xlink:href="{reference}"/></svg>'
        )
        assert picture.getchannel("A").getextrema() == (0, 0)


def test_the_network_is_not_used(pool: DecodePool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a.png"
        render(pool, f'<svg {SVG} width="9" height="9"><image width="9" height="9" xlink:href="{url}"/></svg>')
        with pytest.raises(BlockingIOError):
            server.accept()


def test_hostile_drawing_costs_one_worker(pool: DecodePool) -> None:
    """Elements nested deeper than the parser's stack."""
    depth = 200_000
    with pytest.raises(InputError) as caught:
        pool.rasterise(f"<svg {SVG}>{'<g>' * depth}{'</g>' * depth}</svg>".encode())
    assert caught.value.code in {"decode-crashed", "bad-svg"}
    assert render(pool, f'<svg {SVG} width="9" height="9"/>').size == (RASTER_SIDE, RASTER_SIDE)


def test_files_can_be_opened_again_after_a_drawing(pool: DecodePool) -> None:
    """The limit on open files is lifted: what a codec loads late is still found."""
    render(pool, f'<svg {SVG} width="9" height="9"/>')
    assert pool.decode(save(Image.new("RGB", (4, 4)), "AVIF")).width == 4


@pytest.mark.needs("openclipart")
def test_real_drawings(pool: DecodePool) -> None:
    """One without usable units, one with a legacy encoding, some plain ones: all render with something on them."""
    names = [
        "computer/icons/etiquette-theme/next",
        "people/stickmen/sm_005",
        "signs_and_symbols/weather/w_cloud",
        "shapes/arrows/arrow08_3",
        "geography/extremadura_01",
    ]
    for name in names:
        image = pool.decode(pool.rasterise((OPENCLIPART / f"{name}.svg").read_bytes()))
        assert max(image.width, image.height) == RASTER_SIDE
        assert image.working.min() < 200, name
