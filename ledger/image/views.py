"""Chooses the view of a file that is compared: the first that shows something (FORMAT.md, views).

The views are each frame over white, and after it, where it has transparency, over black. A work that is compared over
white may have a second view, the same frame over black: other programs flatten pictures on dark grounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image, ImageChops

from ledger.errors import InputError
from ledger.image.canonical_pixels import Background, CanonicalPixels, pixels_of_frame
from ledger.image.detail import shows_something
from ledger.image.frame import Frame
from ledger.image.limits import MOST_FRAMES, MOST_PIXELS

SECOND_PIXELS = 25_000_000
"""Most pixels of a picture of which a second view is made."""
SECOND_LEVELS = 64
"""Levels, of 255, by which a channel of a pixel must differ between the two views to count."""
SECOND_SHARE = 0.05
"""Share of the working picture's pixels that must differ. Clear corners or soft edges alone change no search."""


class View(NamedTuple):
    """A frame over a background."""

    pixels: CanonicalPixels
    frame: int = 1
    over_black: bool = False
    tried: int = 1
    """How many frames were decoded to find it."""
    second: Image.Image | None = None
    """The working picture of the same frame over black, where it was asked for and differs."""


def first_view(frames: Iterator[Frame]) -> View:
    """The canonical pixels: the first frame over white. Raises what decoding the first frame does."""
    return View(pixels_of_frame(next(frames)))


def compared_view(frames: Iterator[Frame], shown: int, *, second: bool = False) -> View:
    """The first view that shows something; where none does, the first of all. `shown`: frames that the file has.
    `second`: with its second view.

    Raises what decoding the first frame does, and MemoryError. A later frame that cannot be decoded ends the search.
    """
    frame = next(frames)
    first = View(pixels_of_frame(frame))
    if (shown == 1 and not frame.transparent) or _shows(first):
        return _with_second(first, frame) if second else first
    search = _Search()
    try:
        for number in range(1, min(shown, MOST_FRAMES) + 1):
            if number > 1:
                following = next(frames, None)
                if following is None:
                    break
                frame = following
            if (found := search.within(frame, number)) is not None:
                return _with_second(found, frame) if second else found
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001, S110 - codecs raise OSError, SyntaxError, ValueError, struct.error, ...
        pass
    return first._replace(tried=search.tried)


class _Search:
    """Goes through the views after the first, as long as they have at most MOST_PIXELS together."""

    def __init__(self) -> None:
        self.tried = 1
        self._left = MOST_PIXELS

    def within(self, frame: Frame, number: int) -> View | None:
        """The frame's first view that shows something, but not the first view of frame 1.

        Raises InputError (`too-many-pixels`) where there are too many pixels for another view.
        """
        backgrounds: list[Background] = ["white"] if number > 1 else []
        backgrounds += ["black"] if frame.transparent else []
        for background in backgrounds:
            self._left -= frame.picture.width * frame.picture.height
            if self._left < 0:
                raise InputError("the file's frames have too many pixels to try all", code="too-many-pixels")
            self.tried = number
            if frame.uniform:
                continue
            view = View(pixels_of_frame(frame, background), number, over_black=background == "black", tried=number)
            if _shows(view):
                return view
        return None


def _with_second(view: View, frame: Frame) -> View:
    """The view, with the frame over black where that shows something else. It never makes a file unreadable."""
    pixels = view.pixels
    if view.over_black or frame.opaque or pixels.width * pixels.height > SECOND_PIXELS or not _shows(view):
        return view
    try:
        black = pixels_of_frame(frame, "black").working
    except MemoryError:
        return view
    shown = _differ(pixels.working, black) and shows_something(black, pixels.width, pixels.height)
    return view._replace(second=black) if shown else view


def _differ(one: Image.Image, other: Image.Image) -> bool:
    red, green, blue = ImageChops.difference(one, other).split()
    levels = ImageChops.lighter(ImageChops.lighter(red, green), blue).histogram()
    return sum(levels[SECOND_LEVELS:]) >= SECOND_SHARE * one.width * one.height


def _shows(view: View) -> bool:
    return shows_something(view.pixels.working, view.pixels.width, view.pixels.height)
