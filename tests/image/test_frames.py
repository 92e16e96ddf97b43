"""A file says how many frames or pages it has; only the first is decoded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.answers.notes import notes_on_view
from ledger.image.decode import decode
from ledger.image.limits import DEFAULT_LIMITS
from tests.image.bombs import gif, tiff_of_directories
from tests.image.samples import save, textured

FIRST, *OTHERS = [textured(40, 30, seed) for seed in range(3)]
NAMES = ("PNG", "GIF", "WEBP", "TIFF", "AVIF")


def several(name: str, **options: object) -> bytes:
    return save(FIRST, name, save_all=True, append_images=OTHERS, **options)


def frames(data: bytes) -> int:
    return decode(data, DEFAULT_LIMITS).frames


@pytest.mark.parametrize("name", [*NAMES, "JPEG"])
def test_a_still_picture_has_one(name: str) -> None:
    assert frames(save(FIRST, name)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_frames_are_counted(name: str) -> None:
    assert frames(several(name)) == 3


def test_an_animation_with_alpha_counts_its_frames_once() -> None:
    clear = [each.convert("RGBA") for each in (FIRST, *OTHERS)]
    for each in clear:
        each.putalpha(100)
    assert frames(save(clear[0], "AVIF", save_all=True, append_images=clear[1:])) == 3


def test_a_picture_that_the_animation_does_not_show_counts_too() -> None:
    assert frames(several("PNG", default_image=True)) == 3


@pytest.mark.parametrize(("kind", "pages"), [(0, 2), (1, 1), (4, 1)])
def test_smaller_versions_and_masks_are_no_pages(kind: int, pages: int) -> None:
    data = tiff_of_directories(1)
    # The chain's only directory has one tag: NewSubfileType.
    assert frames(data[:-8] + kind.to_bytes(4, "little") + data[-4:]) == pages


@pytest.mark.parametrize(
    ("build", "media_type", "note"),
    [
        (lambda: gif(4_000), "image/gif", "4,000 frames; the first 16 are blank, and no other was compared."),
        (lambda: gif(3), "image/gif", "3 frames; all are blank."),
        (lambda: several("TIFF"), "image/tiff", "3 pages; only the first was compared."),
    ],
)
def test_the_note(build: Callable[[], bytes], media_type: str, note: str) -> None:
    found = decode(build(), DEFAULT_LIMITS)
    assert notes_on_view(media_type, found.frames, found.frame, found.tried) == (note,)


def test_no_note_on_one() -> None:
    assert notes_on_view("image/gif", 1) == ()
