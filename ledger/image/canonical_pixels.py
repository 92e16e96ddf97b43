"""Canonical pixels (FORMAT.md): orientation, profile to sRGB, alpha over white, 8-bit RGB; digest; working picture.

Runs in a decoding worker, so it imports only Pillow and the standard library. It processes the picture in strips, so
memory holds only the decoded file, the working picture and one strip.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from io import BytesIO
from typing import Literal, NamedTuple

from PIL import Image, ImageChops, ImageCms

from ledger.errors import InputError
from ledger.image.frame import Frame
from ledger.image.limits import WORKING_SIDE

PIXEL_DOMAIN = b"artledger/pixels/v1\n"
_STRIP_PIXELS = 2**20
_REDUCING_GAP = 3
_HIGH_BYTE = 1 / 256

# EXIF 2.32, 4.6.4 A: the operation that undoes each value of the Orientation tag.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# The mode of the colours after alpha is removed, if it needs no conversion first.
_COLOUR_MODES = {
    "1": "L",
    "L": "L",
    "LA": "L",
    "RGB": "RGB",
    "RGBA": "RGB",
    "CMYK": "CMYK",
    "LAB": "LAB",
}
_PLAIN_MODES = frozenset({"P", "RGBX", "PA", "RGBa", "La", "YCbCr", "HSV"})
_DEEP_MODES = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})

Flatten = Callable[[Image.Image, Image.Image | None], Image.Image]
"""From a strip of the picture, and of its alpha where that is apart, to 8-bit sRGB without transparency."""
Background = Literal["white", "black"]


class CanonicalPixels(NamedTuple):
    """Full size, digest of the full-size pixels, and the working picture (mode RGB)."""

    width: int
    height: int
    pixel_sha256: str
    working: Image.Image


def canonical_pixels(source: Image.Image, orientation: int = 1, *, background: Background = "white") -> CanonicalPixels:
    """`pixels_of_frame` of a picture that is complete by itself."""
    return pixels_of_frame(Frame(source, orientation), background)


def pixels_of_frame(frame: Frame, background: Background = "white") -> CanonicalPixels:
    """Processes the frame once; over black, the same pixels with another background.

    Raises InputError (`unsupported-format`) for modes without defined colours.
    """
    profile = frame.picture.info.get("icc_profile")
    picture, apart = _upright(frame.picture, frame), frame.alpha and _upright(frame.alpha, frame)
    flatten = _flattener(frame, profile if isinstance(profile, bytes) else b"", background)
    width, height = picture.size
    scale = min(1.0, WORKING_SIDE / max(width, height))
    target = (max(1, round(width * scale)), max(1, round(height * scale)))
    factor = (max(1, width // (target[0] * _REDUCING_GAP)), max(1, height // (target[1] * _REDUCING_GAP)))
    reduced = Image.new("RGB", (-(-width // factor[0]), -(-height // factor[1])))
    digest = hashlib.sha256(PIXEL_DOMAIN + struct.pack(">II", width, height))
    rows = max(1, _STRIP_PIXELS // (width * factor[1])) * factor[1]
    for top in range(0, height, rows):
        box = (0, top, width, min(height, top + rows))
        strip = flatten(picture.crop(box), apart and apart.crop(box))
        digest.update(strip.tobytes())
        reduced.paste(strip.reduce(factor) if factor != (1, 1) else strip, (0, top // factor[1]))
    if target == reduced.size:
        working = reduced
    else:
        whole = (0.0, 0.0, width / factor[0], height / factor[1])
        working = reduced.resize(target, Image.Resampling.LANCZOS, box=whole)
    return CanonicalPixels(width, height, digest.hexdigest(), working)


def _upright(picture: Image.Image, frame: Frame) -> Image.Image:
    return picture.transpose(_UPRIGHT[frame.orientation]) if frame.orientation in _UPRIGHT else picture


def _flattener(frame: Frame, profile: bytes, background: Background) -> Flatten:
    """A function that converts a strip of the frame to 8-bit sRGB over the background."""
    mode = frame.picture.mode
    if mode in _DEEP_MODES:
        colour_mode = "L"
    elif mode in _PLAIN_MODES:
        colour_mode = "RGB"
    elif mode in _COLOUR_MODES:
        colour_mode = _COLOUR_MODES[mode]
    else:
        raise InputError(
            f"pictures with {mode} samples (32-bit or measured values) are not supported",
            code="unsupported-format",
            hint="Save the picture with 8 or 16 bits per channel.",
        )
    transform = _transform_to_srgb(profile, colour_mode)

    def flatten(strip: Image.Image, apart: Image.Image | None) -> Image.Image:
        colours, alpha = _split_alpha(strip)
        colours = colours if colours.mode == colour_mode else colours.convert(colour_mode)
        rgb = colours.convert("RGB") if transform is None else transform.apply(colours)
        if apart is not None and frame.matted:
            return rgb if background == "white" else _without_white(rgb, apart)
        alpha = apart or alpha
        return rgb if alpha is None else Image.composite(rgb, Image.new("RGB", rgb.size, background), alpha)

    return flatten


def _without_white(rgb: Image.Image, alpha: Image.Image) -> Image.Image:
    """Colours over black, from colours over white."""
    white = ImageChops.invert(alpha)
    return ImageChops.subtract(rgb, Image.merge("RGB", (white, white, white)))


def _split_alpha(strip: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colours without alpha, and the alpha channel if the picture has a channel or a transparent colour."""
    if strip.mode in _DEEP_MODES:
        # Pillow would clip 16 bits to 8. Take the high byte, as Pillow does for 16-bit RGB.
        return strip.convert("I").point(lambda sample: sample * _HIGH_BYTE).convert("L"), None
    if strip.mode in {"RGBa", "La"}:
        strip = strip.convert("RGBA" if strip.mode == "RGBa" else "LA")
    if strip.mode == "LA":
        return strip.getchannel("L"), strip.getchannel("A")
    if strip.mode in {"RGBA", "PA"} or (strip.mode in {"1", "L", "P", "RGB"} and "transparency" in strip.info):
        rgba = strip.convert("RGBA")
        return rgba.convert("RGB"), rgba.getchannel("A")
    return strip, None


def _transform_to_srgb(profile: bytes, colour_mode: str) -> ImageCms.ImageCmsTransform | None:
    """The perceptual transform from an embedded profile; None (values count as sRGB) without a usable one."""
    try:
        if profile:
            source = ImageCms.getOpenProfile(BytesIO(profile))
        elif colour_mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        else:
            return None
        return ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), colour_mode, "RGB", ImageCms.Intent.PERCEPTUAL
        )
    except Exception:  # noqa: BLE001 - profiles are hostile bytes; lcms and Pillow raise several kinds
        return None if colour_mode != "LAB" else _transform_to_srgb(b"", colour_mode)
