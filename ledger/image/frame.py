"""A decoded frame or page before its canonical pixels are made."""

from __future__ import annotations

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


def associated(colours: Image.Image, alpha: Image.Image) -> Image.Image:
    """`colours` (mode L, RGB or CMYK), which were multiplied by `alpha`, with alpha divided out: FORMAT.md, step 6."""
    bands = colours.split()
    undone = [Image.merge("RGBa", (band, band, band, alpha)).convert("RGBA").getchannel("R") for band in bands]
    return Image.merge(colours.mode, undone)
