"""Chooses the view of a file that is compared: the first that shows something (FORMAT.md, views).

The views are each frame over white, and after it, where it has transparency, over black.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ledger.errors import InputError
from ledger.image.canonical_pixels import Background, CanonicalPixels, pixels_of_frame
from ledger.image.detail import shows_something
from ledger.image.frame import Frame
from ledger.image.limits import MOST_FRAMES, MOST_PIXELS


class View(NamedTuple):
    """A frame over a background."""

    pixels: CanonicalPixels
    frame: int = 1
    over_black: bool = False
    tried: int = 1
    """How many frames were decoded to find it."""


def first_view(frames: Iterator[Frame]) -> View:
    """The canonical pixels: the first frame over white. Raises what decoding the first frame does."""
    return View(pixels_of_frame(next(frames)))


def compared_view(frames: Iterator[Frame], shown: int) -> View:
    """The first view that shows something; where none does, the first of all. `shown`: frames that the file has.

    Raises what decoding the first frame does, and MemoryError. A later frame that cannot be decoded ends the search.
    """
    frame = next(frames)
    first = View(pixels_of_frame(frame))
    if (shown == 1 and not frame.transparent) or _shows(first):
        return first
    search = _Search()
    try:
        for number in range(1, min(shown, MOST_FRAMES) + 1):
            if number > 1:
                following = next(frames, None)
                if following is None:
                    break
                frame = following
            if (found := search.within(frame, number)) is not None:
                return found
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


def _shows(view: View) -> bool:
    return shows_something(view.pixels.working, view.pixels.width, view.pixels.height)
