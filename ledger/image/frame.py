"""A decoded frame or page before its canonical pixels are made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image


class Frame(NamedTuple):
    """A loaded picture with what its canonical pixels depend on."""

    picture: Image.Image
    orientation: int = 1
    """EXIF's, 1 to 8."""
    alpha: Image.Image | None = None
    """Mode L: the transparency of a picture whose mode has none (CMYK)."""
    matted: bool = False
    """Whether the colours are over white already, as those of a Photoshop file's merged image are."""

    @property
    def transparent(self) -> bool:
        """Whether there may be pixels that are not opaque."""
        return self.alpha is not None or self.picture.has_transparency_data

    @property
    def opaque(self) -> bool:
        """Whether all pixels are opaque for certain."""
        alpha = self.alpha
        if alpha is None and "A" in self.picture.getbands():
            alpha = self.picture.getchannel("A")
        return not self.transparent if alpha is None else alpha.getextrema() == (255, 255)

    @property
    def uniform(self) -> bool:
        """Whether all pixels are equal, so that no view of the frame shows anything."""
        parts = (self.picture,) if self.alpha is None else (self.picture, self.alpha)
        return all(low == high for part in parts for low, high in _extremes(part))


def _extremes(picture: Image.Image) -> Iterator[tuple[float, float]]:
    for band in picture.split():
        low, high = band.getextrema()
        assert isinstance(low, int | float)  # noqa: S101 - of one band
        assert isinstance(high, int | float)  # noqa: S101
        yield low, high


def associated(colours: Image.Image, alpha: Image.Image) -> Image.Image:
    """`colours` (mode L, RGB or CMYK), which were multiplied by `alpha`, with alpha divided out: FORMAT.md, step 6."""
    bands = colours.split()
    undone = [Image.merge("RGBa", (band, band, band, alpha)).convert("RGBA").getchannel("R") for band in bands]
    return Image.merge(colours.mode, undone)
