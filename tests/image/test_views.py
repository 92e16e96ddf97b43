"""The view of a file that is compared: the first frame with something to see, over white or else over black."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from PIL import Image

from ledger.answers.notes import OVER_BLACK, notes_on_view
from ledger.errors import InputError
from ledger.fingerprint.complexity import comparable, complexity
from ledger.image import views
from ledger.image.canonical_image import CanonicalImage
from ledger.image.canonical_pixels import Background, CanonicalPixels, pixels_of_frame
from ledger.image.decode import Decoded, decode
from ledger.image.detail import detail_of
from ledger.image.frame import Frame
from ledger.image.limits import DEFAULT_LIMITS, MOST_FRAMES, MOST_PIXELS
from tests.image.bombs import tiff_of_directories
from tests.image.photoshop import RGB, psd
from tests.image.samples import save, textured

SIZE = (80, 60)
ART = textured(*SIZE)
BLANK = Image.new("RGB", SIZE, (200, 210, 220))
NAMES = ("PNG", "GIF", "WEBP", "TIFF", "AVIF")


def sticker(colour: str = "white") -> Image.Image:
    """A drawing of one colour on transparency."""
    drawn = Image.new("RGBA", SIZE, colour)
    drawn.putalpha(ART.convert("L").point(lambda value: 255 if value > 128 else 0))
    return drawn


def animation(name: str, frames: Sequence[Image.Image], **options: object) -> bytes:
    lossless = {"lossless": True} if name == "WEBP" else {}
    return save(frames[0], name, save_all=True, append_images=frames[1:], **lossless, **options)


def read(data: bytes, *, canonical: bool = False) -> Decoded:
    return decode(data, DEFAULT_LIMITS, canonical=canonical)


def digest(picture: Image.Image) -> str:
    head = b"artledger/pixels/v1\n" + struct.pack(">II", *picture.size)
    return hashlib.sha256(head + picture.convert("RGB").tobytes()).hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_the_second_frame_is_compared_where_the_first_is_blank(name: str) -> None:
    data = animation(name, [BLANK, ART])
    found = read(data)
    assert (found.frames, found.frame, found.over_black) == (2, 2, False)
    plain = read(data, canonical=True)
    still = save(BLANK, name, **({"lossless": True} if name == "WEBP" else {}))
    assert (plain.frame, plain.pixel_sha256) == (1, read(still).pixel_sha256)
    if name in ("PNG", "WEBP", "TIFF"):
        assert found.pixel_sha256 == digest(ART)


@pytest.mark.parametrize("name", NAMES)
def test_a_first_frame_that_shows_something_stays_the_one(name: str) -> None:
    data = animation(name, [ART, textured(*SIZE, 1)])
    assert read(data).frame == 1
    assert read(data).pixel_sha256 == read(data, canonical=True).pixel_sha256


def test_blank_frames_are_passed_over_up_to_a_number() -> None:
    greys = [Image.new("L", SIZE, value) for value in range(1, 30)]
    for at in (2, MOST_FRAMES - 1, MOST_FRAMES):
        frames = [*greys[:at], ART.convert("L"), *greys[at:]]
        found = read(animation("TIFF", frames))
        expected = (at + 1, at + 1) if at < MOST_FRAMES else (1, MOST_FRAMES)
        assert (found.frame, found.tried) == expected


def test_a_later_frame_that_is_damaged_ends_the_search() -> None:
    data = animation("TIFF", [BLANK, ART, ART], compression="tiff_lzw")
    sound = read(data)
    second = bytearray(data)
    at = data.index(save(ART, "TIFF", compression="tiff_lzw")[8:200])
    second[at : at + 150] = b"\xff" * 150
    found = read(bytes(second))
    assert sound.frame == 2
    assert (found.frame, found.pixel_sha256) == (1, digest(BLANK))


def test_later_frames_have_few_pixels_together() -> None:
    side = int((MOST_PIXELS / 3) ** 0.5) + 1
    frames = [Image.new("1", (side, side), at % 2) for at in range(4)]
    found = read(animation("TIFF", frames, compression="group4"))
    assert (found.frames, found.frame, found.tried) == (4, 1, 3)


def test_thousands_of_pages_are_refused_or_cost_little() -> None:
    with pytest.raises(InputError) as caught:
        read(tiff_of_directories(10_000))
    assert caught.value.code == "too-complex"
    found = read(animation("TIFF", [Image.new("1", (20, 20))] * 900))
    assert (found.frames, found.tried) == (900, MOST_FRAMES)


@pytest.mark.parametrize("name", ["PNG", "WEBP", "TIFF"])
def test_white_on_transparency_is_compared_over_black(name: str) -> None:
    data = save(sticker(), name, **({"lossless": True} if name == "WEBP" else {}))
    found = read(data)
    black = Image.new("RGBA", SIZE, "black")
    black.alpha_composite(sticker())
    assert (found.over_black, found.pixel_sha256) == (True, digest(black))
    assert read(data, canonical=True).pixel_sha256 == digest(Image.new("RGB", SIZE, "white"))


def test_transparency_that_shows_over_white_stays_over_white() -> None:
    for colour in ("black", "red", "grey"):
        assert not read(save(sticker(colour), "PNG")).over_black
    clear = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    assert (read(save(clear, "PNG")).over_black, read(save(clear, "PNG")).tried) == (False, 1)


def test_a_transparent_frame_comes_before_the_next_one() -> None:
    assert read(animation("PNG", [sticker(), ART.convert("RGBA")])).over_black
    clear = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    second = read(animation("PNG", [clear, sticker()]))
    assert (second.frame, second.over_black) == (2, True)


def test_the_merged_image_of_a_photoshop_file_over_black() -> None:
    alpha = sticker().getchannel("A")
    planes = [bytes(b"\xff" * 4800)] * 3 + [alpha.tobytes()]
    found = read(psd(SIZE, RGB, planes, layers=-1))
    assert (found.over_black, found.pixel_sha256) == (True, digest(Image.merge("RGB", [alpha] * 3)))


@pytest.mark.parametrize(
    "build", [lambda: textured(300, 200), lambda: BLANK, lambda: Image.new("RGB", (9, 700), "red")]
)
def test_a_view_shows_something_where_it_is_comparable(build: Callable[[], Image.Image]) -> None:
    """The worker decides as matching does."""
    picture = build()
    pixels = np.asarray(picture)
    assert complexity(pixels) == detail_of(picture)
    image = CanonicalImage("", "", *picture.size, "", pixels)
    found = read(animation("TIFF", [picture, textured(90, 90)]))
    assert (found.frame == 1) == (comparable(image, complexity(pixels)) is None)


@pytest.mark.parametrize(
    ("view", "notes"),
    [
        ((1,), ()),
        ((12,), ("12 frames; only the first was compared.",)),
        ((2, 2, 2), ("2 frames; the 2nd was compared, the first is blank.",)),
        ((1_234, 3, 3), ("1,234 frames; the 3rd was compared, the first 2 are blank.",)),
        ((20, 11, 11), ("20 frames; the 11th was compared, the first 10 are blank.",)),
        ((3, 1, 3), ("3 frames; all are blank.",)),
        ((40, 1, 16), ("40 frames; the first 16 are blank, and no other was compared.",)),
    ],
)
def test_notes(view: tuple[int, ...], notes: tuple[str, ...]) -> None:
    assert notes_on_view("image/gif", *view) == notes
    assert notes_on_view("image/gif", *view, over_black=True) == (*notes, OVER_BLACK)


def coloured() -> Image.Image:
    """A drawing in bright colours on transparency."""
    drawn = ART.point(lambda value: 100 + value // 2).convert("RGBA")
    drawn.putalpha(sticker().getchannel("A"))
    return drawn


def second_of(picture: Image.Image, name: str = "PNG") -> bytes | None:
    return decode(save(picture, name), DEFAULT_LIMITS, second=True).second


def test_a_work_with_transparency_has_a_second_view_over_black() -> None:
    drawn = coloured()
    black = Image.new("RGBA", SIZE, "black")
    black.alpha_composite(drawn)
    assert second_of(drawn) == black.convert("RGB").tobytes()
    found = decode(save(drawn, "PNG"), DEFAULT_LIMITS, second=True)
    assert found._replace(second=None) == read(save(drawn, "PNG")), "the first view is what it was"
    assert read(save(drawn, "PNG")).second is None, "a picture that is sent in has one view"


def test_what_looks_the_same_over_black_has_no_second_view() -> None:
    opaque, corner = ART.convert("RGBA"), ART.convert("RGBA")
    corner.paste((0, 0, 0, 0), (0, 0, 8, 8))
    assert second_of(opaque) is None
    assert second_of(ART) is None
    assert second_of(corner) is None, "too few pixels differ"
    assert second_of(sticker()) is None, "over black is its first view already"
    assert second_of(sticker("black")) is None, "nothing shows over black"
    soft = ART.convert("RGBA")
    soft.putalpha(200)
    assert second_of(soft) is None, "no pixel differs by much"


def test_a_second_view_is_of_the_frame_that_is_compared() -> None:
    data = animation("WEBP", [BLANK.convert("RGBA"), coloured()])
    found = decode(data, DEFAULT_LIMITS, second=True)
    assert (found.frame, found.over_black) == (2, False)
    assert found.second == second_of(coloured())


def test_a_picture_of_many_pixels_has_no_second_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "SECOND_PIXELS", SIZE[0] * SIZE[1] - 1)
    assert second_of(coloured()) is None


def test_a_second_view_for_which_memory_is_lacking_costs_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def scarce(frame: Frame, background: Background = "white") -> CanonicalPixels:
        if background == "black":
            raise MemoryError
        return pixels_of_frame(frame, background)

    monkeypatch.setattr(views, "pixels_of_frame", scarce)
    data = save(coloured(), "PNG")
    assert decode(data, DEFAULT_LIMITS, second=True) == read(data)
