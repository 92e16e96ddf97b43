"""Builds the vectors of canonical pixels (FORMAT.md): `python -m tests.conformance.pixels.build` from the repository.

Each is a small file in `files`; vectors.json has its name, SHA-256, width, height, `pixel_sha256`, the size of its
working picture with the SHA-256 of that one's rows of RGB bytes, and why it is there. These are of the view that is
compared; where that is not the canonical pixels, `view` says which it is, and `canonical_pixel_sha256` is theirs.
Other decoders are welcome to them. `lossy` vectors hold for the decoders that FORMAT.md names; all others for any.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageCms, TiffImagePlugin

from ledger.image.decode import decode
from ledger.image.limits import DEFAULT_LIMITS
from tests.conformance.pixels.parts import (
    CMYK_TABLE,
    EXCHANGED,
    GREY,
    GREY_ALPHA,
    GREY_PROFILE,
    PALETTE,
    RGB,
    RGB_TABLE,
    RGBA,
    WIDE,
    exif,
    gif,
    png,
    samples,
    save,
    smooth,
    with_black,
)
from tests.image.photoshop import CMYK as PSD_CMYK
from tests.image.photoshop import RGB as PSD_RGB
from tests.image.photoshop import psd
from tests.image.variants import CMYK as CMYK_TIFF
from tests.image.variants import GREY as GREY_TIFF
from tests.image.variants import RGB as RGB_TIFF
from tests.image.variants import bmp, tiff_of

FOLDER = Path(__file__).parent
FILES = FOLDER / "files"
Made = Iterator[tuple[str, bytes, str]]
"""File name, content, why."""


def _rows(width: int, height: int, bytes_per_row: int, step: int = 37) -> list[bytes]:
    data = samples(bytes_per_row * height, step)
    return [data[at : at + bytes_per_row] for at in range(0, len(data), bytes_per_row)]


def _plain_png() -> Made:
    size, rows = (7, 5), _rows(7, 5, 21)
    palette = samples(3 * 16, 41)
    yield "one-pixel.png", png((1, 1), 8, RGB, [b"\1\2\3"]), "the smallest picture"
    yield "grey-1.png", png((11, 3), 1, GREY, _rows(11, 3, 2)), "one bit: 0 and 255"
    yield "grey-2-trns.png", png((9, 4), 2, GREY, _rows(9, 4, 3), (b"tRNS", b"\0\2")), "two bits times 85; 2 is clear"
    yield "grey-4-trns.png", png((9, 4), 4, GREY, _rows(9, 4, 5), (b"tRNS", b"\0\5")), "four bits times 17; 5 is clear"
    yield "grey-8.png", png((16, 16), 8, GREY, [bytes(range(at, at + 16)) for at in range(0, 256, 16)]), "all greys"
    yield "grey-8-trns.png", png((4, 1), 8, GREY, [b"\0\x25\x25\xff"], (b"tRNS", b"\0\x25")), "a transparent grey"
    yield "grey-16.png", png((8, 4), 16, GREY, _rows(8, 4, 16)), "the high byte of 16 bits, never rounded"
    yield "grey-16-trns.png", png((2, 1), 16, GREY, [b"\x12\x34\x12\xff"], (b"tRNS", b"\x12\x34")), "tRNS ignored"
    yield "grey-alpha-8.png", png((8, 6), 8, GREY_ALPHA, _rows(8, 6, 16)), "alpha over white"
    yield "grey-alpha-16.png", png((8, 6), 16, GREY_ALPHA, _rows(8, 6, 32)), "the high bytes, then alpha over white"
    yield "rgb-8.png", png(size, 8, RGB, rows), "all five filters"
    yield "rgb-8-trns.png", png((2, 1), 8, RGB, [bytes(range(1, 7))], (b"tRNS", b"\0\1\0\2\0\3")), "a clear colour"
    yield "rgb-16-trns.png", png((5, 5), 16, RGB, _rows(5, 5, 30), (b"tRNS", samples(6))), "high bytes; tRNS ignored"
    ramp = [b"".join(bytes((red, 128, 255, alpha)) for red in range(0, 256, 17)) for alpha in range(0, 256, 5)]
    yield "rgba-8.png", png((16, 52), 8, RGBA, ramp), "alpha over white, rounded to the nearest"
    yield "rgba-16.png", png((5, 5), 16, RGBA, _rows(5, 5, 40)), "the high bytes, then alpha over white"
    yield "palette-1.png", png((11, 3), 1, PALETTE, _rows(11, 3, 2), (b"PLTE", palette[:6])), "two colours"
    clear = (b"tRNS", bytes((0, 128, 255)))
    yield "palette-2-trns.png", png((9, 4), 2, PALETTE, _rows(9, 4, 3), (b"PLTE", palette[:12]), clear), "their alphas"
    yield "palette-4.png", png((9, 4), 4, PALETTE, _rows(9, 4, 5), (b"PLTE", palette)), "sixteen colours"
    yield "palette-8.png", png((8, 4), 8, PALETTE, _rows(8, 4, 8), (b"PLTE", samples(768))), "256 colours"
    yield "interlaced.png", _interlaced(), "seven passes, an odd size"
    gama = ((b"gAMA", struct.pack(">I", 100_000)), (b"cHRM", struct.pack(">8I", *range(30_000, 38_000, 1000))))
    yield "gama.png", png(size, 8, RGB, rows, *gama), "gAMA and cHRM are ignored"
    for orientation in range(1, 9):
        why = "EXIF orientation undone"
        yield f"exif-{orientation}.png", png(size, 8, RGB, rows, (b"eXIf", exif(orientation))), why
    yield "exif-after.png", png(size, 8, RGB, rows, after=[(b"eXIf", exif(6))]), "eXIf after the data counts too"
    yield "exif-9.png", png(size, 8, RGB, rows, (b"eXIf", exif(9))), "no such orientation: upright"
    yield "exif-broken.png", png(size, 8, RGB, rows, (b"eXIf", exif(6)[:12])), "a broken block: upright"
    yield "apng.png", _apng(hidden=False), "the first frame of an animation"
    yield "apng-hidden.png", _apng(hidden=True), "the default image, though the animation leaves it out"


PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column and row, and the steps between columns and rows, of each pass of Adam7."""


def _interlaced() -> bytes:
    """A picture of 13 x 11 in seven passes (PNG, third edition, section 8.1), each row unfiltered."""
    width, height = 13, 11
    data = samples(width * height * 3)
    lines = []
    for x0, y0, dx, dy in PASSES:
        for y in range(y0, height, dy):
            line = b"".join(data[3 * (y * width + x) : 3 * (y * width + x) + 3] for x in range(x0, width, dx))
            lines.append(b"\0" + line)
    return png((width, height), 8, RGB, lines, interlaced=True)


def _apng(*, hidden: bool) -> bytes:
    control = struct.pack(">IIIIIHHBB", 0, 4, 3, 0, 0, 1, 10, 0, 0)
    first = () if hidden else ((b"fcTL", control),)
    other = png((4, 3), 8, RGB, [bytes(12)] * 3)
    at = other.index(b"IDAT")
    data = other[at + 4 : at + 4 + struct.unpack(">I", other[at - 4 : at])[0]]
    order = 0 if hidden else 1
    after = [(b"fcTL", struct.pack(">I", order) + control[4:]), (b"fdAT", struct.pack(">I", order + 1) + data)]
    frames = (b"acTL", struct.pack(">II", 1 if hidden else 2, 0))
    return png((4, 3), 8, RGB, _rows(4, 3, 12, 59 if hidden else 37), frames, *first, after=after)


def _broken_ancillary() -> Made:
    """Parts that decide no pixels, or count as absent because they are broken."""
    size, rows = (7, 5), _rows(7, 5, 21)
    plain = png(size, 8, RGB, rows, (b"pHYs", bytes(9)))
    yield "crc-phys.png", _wrong_checksum(plain, b"pHYs"), "a wrong checksum where nothing decides pixels"
    grey = png((16, 16), 8, GREY, [bytes(range(at, at + 16)) for at in range(0, 256, 16)], (b"tRNS", b"\0\x25"))
    yield "crc-trns.png", _wrong_checksum(grey, b"tRNS"), "a wrong checksum: no transparent grey"
    turned = png(size, 8, RGB, rows, (b"eXIf", exif(6)))
    yield "crc-exif.png", _wrong_checksum(turned, b"eXIf"), "a wrong checksum: upright"
    yield "short-trns.png", png(size, 8, RGB, rows, (b"tRNS", b"\0\1")), "too short for a colour: none transparent"
    short = b"\xff\xe2\0\x0eICC_PROFILE\0"
    jpeg = save(smooth(37, 23), "JPEG", quality=90)
    yield "short-icc.jpg", jpeg[:2] + short + jpeg[2:], "a segment too short for a part of a profile"


def _wrong_checksum(data: bytes, kind: bytes) -> bytes:
    at = data.index(kind)
    end = at + 4 + struct.unpack(">I", data[at - 4 : at])[0]
    return data[:end] + bytes(each ^ 0xFF for each in data[end : end + 4]) + data[end + 4 :]


def _large() -> Made:
    """Larger than the working picture, which is 512 pixels wide or high."""
    sizes = {"large.png": (1301, 301), "wide.png": (5003, 40), "tall.png": (17, 3700), "a-little.png": (700, 97)}
    for name, (width, height) in sizes.items():
        palette = (b"PLTE", samples(12, 83))
        tiles = [[(x // 61 + y // 53 + x * y // 99_991) % 4 for x in range(-(-width // 4) * 4)] for y in range(height)]
        rows = [bytes(r[x] << 6 | r[x + 1] << 4 | r[x + 2] << 2 | r[x + 3] for x in range(0, len(r), 4)) for r in tiles]
        yield name, png((width, height), 2, PALETTE, rows, palette), "scaled down to the working picture"


def _profiles() -> Made:
    size, rows = (7, 5), _rows(7, 5, 21)

    def profiled(data: bytes) -> tuple[bytes, bytes]:
        return b"iCCP", b"x\0\0" + zlib.compress(data, 9)

    srgb = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    srgb[24:36] = bytes(12)
    yield "icc-srgb.png", png(size, 8, RGB, rows, profiled(bytes(srgb))), "the engine's own sRGB profile"
    yield "icc-wide.png", png(size, 8, RGB, rows, profiled(WIDE)), "a matrix profile with wide primaries"
    yield "icc-exchanged.png", png(size, 8, RGB, rows, profiled(EXCHANGED)), "red and blue exchanged by a profile"
    yield "icc-table.png", png(size, 8, RGB, rows, profiled(RGB_TABLE)), "a profile with a table (A2B0)"
    yield "icc-grey.png", png((8, 6), 8, GREY, _rows(8, 6, 8), profiled(GREY_PROFILE)), "linear greys"
    yield "icc-alpha.png", png((8, 6), 8, RGBA, _rows(8, 6, 32), profiled(WIDE)), "the profile first, then alpha"
    yield "icc-broken.png", png(size, 8, RGB, rows, profiled(WIDE[:200])), "no usable profile: the numbers are sRGB"
    yield (
        "icc-wrong-space.png",
        png((8, 6), 8, GREY, _rows(8, 6, 8), profiled(WIDE)),
        "an RGB profile of greys: unusable",
    )
    cmyk = with_black(smooth(24, 16))
    yield "icc-cmyk.tif", save(cmyk, "TIFF", icc_profile=CMYK_TABLE), "CMYK by a profile with a table"


def _jpeg() -> Made:
    picture = smooth(37, 23)
    cmyk = save(with_black(picture), "JPEG", quality=90)
    adobe = cmyk.index(b"Adobe")
    yield "baseline-444.jpg", save(picture, "JPEG", quality=90, subsampling=0), "baseline, no subsampling"
    yield "baseline-420.jpg", save(picture, "JPEG", quality=80, subsampling=2), "chroma halved: fancy upsampling"
    yield "baseline-422.jpg", save(picture, "JPEG", quality=80, subsampling=1), "chroma halved across"
    yield "progressive.jpg", save(picture, "JPEG", quality=80, progressive=True), "progressive"
    yield "grey.jpg", save(picture.convert("L"), "JPEG", quality=90), "one component"
    yield "rgb.jpg", save(picture, "JPEG", quality=90, keep_rgb=True), "RGB components: no conversion"
    yield "cmyk.jpg", cmyk, "CMYK, inverted as Adobe's marker says"
    yield "ycck.jpg", cmyk[: adobe + 11] + b"\2" + cmyk[adobe + 12 :], "YCCK by Adobe's marker"
    yield "icc-wide.jpg", save(picture, "JPEG", quality=90, icc_profile=WIDE), "a wide profile"
    yield "exif-6.jpg", save(picture, "JPEG", quality=90, exif=b"Exif\0\0" + exif(6)), "orientation in APP1"


def _gif() -> Made:
    small = smooth(6, 4).quantize(8)
    yield "plain.gif", save(smooth(9, 7).quantize(16), "GIF"), "a palette"
    yield "offset.gif", gif((9, 7), [((2, 1), small, None, 1)]), "a first frame smaller than the screen"
    yield "offset-clear.gif", gif((9, 7), [((2, 1), small, 3, 2)]), "the same with a transparent colour"
    second = smooth(9, 7).quantize(4)
    yield "animated.gif", gif((9, 7), [((0, 0), second, None, 2), ((2, 1), small, None, 0)]), "the first frame alone"


def _webp() -> Made:
    picture, clear = smooth(37, 23), smooth(37, 23)
    clear.putalpha(Image.linear_gradient("L").resize((37, 23)))
    yield "lossless.webp", save(picture, "WEBP", lossless=True), "lossless"
    yield "lossless-alpha.webp", save(clear, "WEBP", lossless=True, exact=True), "lossless, alpha over white"
    yield "lossy.webp", save(picture, "WEBP", quality=80), "lossy"
    yield "lossy-alpha.webp", save(clear, "WEBP", quality=80), "lossy, alpha over white"
    yield "exif-8.webp", save(picture, "WEBP", lossless=True, exif=b"Exif\0\0" + exif(8)), "orientation"
    others = {"save_all": True, "append_images": [picture.transpose(Image.Transpose.ROTATE_180)]}
    yield "animated.webp", save(picture, "WEBP", lossless=True, **others), "the first frame"


def _tiff() -> Made:
    picture = smooth(21, 13)
    yield "rgb-lzw.tif", save(picture, "TIFF", compression="tiff_lzw"), "LZW"
    yield "grey-16.tif", save(Image.frombytes("I;16", (6, 5), samples(60)), "TIFF"), "the high byte of 16 bits"
    yield "cmyk.tif", save(with_black(picture), "TIFF"), "CMYK without a profile"
    yield "fax.tif", save(picture.convert("1"), "TIFF", compression="group4"), "fax: one bit"
    yield "palette.tif", save(picture.quantize(32), "TIFF"), "a palette"
    yield "lab.tif", save(Image.merge("LAB", picture.split()), "TIFF"), "CIELAB"
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[274] = 5
    yield "orientation-5.tif", save(picture, "TIFF", tiffinfo=tags), "the orientation tag"
    clear = picture.copy()
    clear.putalpha(Image.linear_gradient("L").resize((21, 13)))
    yield "rgba.tif", save(clear, "TIFF"), "alpha over white"
    yield "jpeg.tif", save(picture, "TIFF", compression="jpeg", quality=90), "JPEG inside"
    yield "big.tif", save(picture, "TIFF", big_tiff=True), "BigTIFF"


def _avif() -> Made:
    picture = smooth(37, 23)
    clear = picture.copy()
    clear.putalpha(Image.linear_gradient("L").resize((37, 23)))
    yield "plain.avif", save(picture, "AVIF", quality=80, subsampling="4:2:0"), "lossy, chroma halved"
    yield "full.avif", save(picture, "AVIF", quality=90, subsampling="4:4:4"), "lossy, full chroma"
    yield "alpha.avif", save(clear, "AVIF", quality=80), "alpha over white"
    yield "turned.avif", save(picture, "AVIF", quality=80, exif=b"Exif\0\0" + exif(6)), "irot"


def _channels() -> Made:
    """Layouts of a TIFF's channels that few readers know."""
    yield "cmyk-alpha.tif", tiff_of([8] * 5, CMYK_TIFF, extra=[2]), "alpha beside CMYK"
    yield "cmyk-alpha-planar-16.tif", tiff_of([16] * 5, CMYK_TIFF, extra=[2], planar=True), "the same, apart, 16 bits"
    yield "grey-alpha-16.tif", tiff_of([16] * 2, GREY_TIFF, extra=[2]), "high bytes, then alpha over white"
    yield "rgb-associated-planar.tif", tiff_of([8] * 4, RGB_TIFF, extra=[1], planar=True), "alpha is divided out"
    yield "rgb-extra.tif", tiff_of([16] * 5, RGB_TIFF, extra=[0, 2]), "the first alpha among the extra channels"


def _bmp() -> Made:
    picture = smooth(21, 13)
    yield "rgb.bmp", save(picture, "BMP"), "rows from the bottom"
    yield "palette.bmp", save(picture.quantize(32), "BMP"), "a palette"
    yield "rgb-16.bmp", bmp(16, 3, masks=(0xF800, 0x7E0, 0x1F)), "five and six bits"


def _photoshop() -> Made:
    planes = [samples(21 * 13, step) for step in (37, 41, 43, 59)]
    yield "rgb.psd", psd((21, 13), PSD_RGB, planes[:3], compression=1), "the merged image, packed"
    yield "rgb-alpha.psd", psd((21, 13), PSD_RGB, planes, layers=-1), "transparency: the colours are over white already"
    yield "cmyk.psd", psd((21, 13), PSD_CMYK, planes), "inverted CMYK"
    deep = [samples(2 * 21 * 13, step) for step in (37, 41, 43)]
    yield "rgb-16.psd", psd((21, 13), PSD_RGB, deep, bits=16, compression=1), "the high byte of 16 bits"


def _drawings() -> Made:
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 12 9">'
    yield (
        "squares.svg",
        f'{head}<path d="M3 3H6V6H3Z" fill="#07c"/></svg>'.encode(),
        "drawn 512 pixels wide, over white",
    )


def _views() -> Made:
    """Whose canonical pixels show nothing."""
    squares = [bytes(255 * (x // 6 + y // 6 & 1) for x in range(24)) for y in range(18)]
    white = [b"".join(b"\xff\xff\xff" + row[x : x + 1] for x in range(24)) for row in squares]
    yield "white-sticker.png", png((24, 18), 8, RGBA, white), "white on transparency: over black"
    blank, shown = Image.new("L", (24, 18), 250), Image.frombytes("L", (24, 18), b"".join(squares))
    more = {"save_all": True, "append_images": [blank.point(lambda value: value - 9), shown]}
    yield "third-page.tif", save(blank, "TIFF", **more), "the third page is the first that shows something"
    clear = Image.new("RGBA", (24, 18), (255, 255, 255, 0))
    other = Image.frombytes("RGBA", (24, 18), b"".join(white))
    several = {"save_all": True, "append_images": [other]}
    yield "second-frame.png", save(clear, "PNG", **several), "the second frame over black"
    yield "blank.png", png((24, 18), 8, GREY, [bytes(24)] * 18), "nothing to see: the canonical pixels"


def _kept() -> Made:
    """Of an encoder that is not installed with the tests."""
    reasons = {
        "plain": "lossy, chroma halved",
        "alpha": "alpha over white",
        "grey": "one channel",
        "icc-wide": "a wide profile",
        "ten-bits": "ten bits, rounded to eight",
        "turned": "irot",
    }
    for name, why in reasons.items():
        yield f"{name}.heic", (FILES / f"{name}.heic").read_bytes(), why


LOSSY = (".jpg", ".avif", ".heic", ".svg", "lossy.webp", "lossy-alpha.webp", "jpeg.tif")
"""Endings of the files whose pixels a decoder's arithmetic decides."""


PROFILED = {f"icc-{name}" for name in ("srgb.png", "wide.png", "exchanged.png", "table.png", "grey.png", "alpha.png")}
PROFILED |= {"icc-cmyk.tif", "icc-wide.jpg", "icc-wide.heic", "lab.tif"}
"""Whose colours the colour engine decides."""


def _view(data: bytes) -> dict[str, object]:
    """The view that is compared, where it is not the canonical pixels."""
    found = decode(data, DEFAULT_LIMITS)
    if found.frame == 1 and not found.over_black:
        return {}
    canonical = decode(data, DEFAULT_LIMITS, canonical=True)
    view = {"background": "black" if found.over_black else "white", "frame": found.frame}
    return {"view": view, "canonical_pixel_sha256": canonical.pixel_sha256}


def build() -> None:
    FILES.mkdir(exist_ok=True)
    vectors = []
    groups = (
        *_plain_png(),
        *_large(),
        *_profiles(),
        *_jpeg(),
        *_gif(),
        *_webp(),
        *_tiff(),
        *_avif(),
        *_channels(),
        *_bmp(),
        *_photoshop(),
        *_drawings(),
        *_views(),
        *_kept(),
        *_broken_ancillary(),
    )
    for name, data, why in groups:
        (FILES / name).write_bytes(data)
        found = decode(data, DEFAULT_LIMITS)
        vectors.append(
            {
                "file": name,
                "sha256": hashlib.sha256(data).hexdigest(),
                "width": found.width,
                "height": found.height,
                "pixel_sha256": found.pixel_sha256,
                "working": {
                    "width": found.working_size[0],
                    "height": found.working_size[1],
                    "sha256": hashlib.sha256(found.working).hexdigest(),
                },
                "lossy": name.endswith(LOSSY),
                "profile": name in PROFILED,
                "why": why,
                **_view(data),
            }
        )
    (FOLDER / "vectors.json").write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    build()
