"""Everyday edits. Training uses edits of the same kinds, but with other code and other strengths."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from ledger.image.canonical_image import Pixels
from ledger.lab.evaluate.edits.kinds import (
    Grounds,
    Kind,
    Stage,
    clipped,
    colour,
    covering,
    fitted,
    ground_mask,
    pixels,
    scaled,
)

_TRIES = 5
_LINES = ("WHEN YOU SEE IT", "nobody:", "me every monday", "THIS IS FINE", "just saying", "DID YOU KNOW?")


def crop(picture: Pixels, area: float, rng: Generator, _: Grounds) -> Pixels:
    """Keeps this share of the area and the aspect ratio. Of a few random places, it takes the one with most detail."""
    height, width = picture.shape[:2]
    tall, wide = max(8, round(height * area**0.5)), max(8, round(width * area**0.5))
    parts = []
    for _try in range(_TRIES):
        top, left = int(rng.integers(max(1, height - tall + 1))), int(rng.integers(max(1, width - wide + 1)))
        parts.append(picture[top : top + tall, left : left + wide])
    return pixels(max(parts, key=lambda part: float(part.std())))


def rotate(picture: Pixels, degrees: float, rng: Generator, _: Grounds) -> Pixels:
    """Rotates in either direction on an enlarged canvas of one colour (not enlarged for a quarter turn)."""
    degrees = degrees if rng.random() < 0.5 else -degrees
    if abs(degrees) == 90:
        return pixels(np.rot90(picture, 1 if degrees > 0 else 3))
    turned = Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=colour(rng))
    return np.asarray(turned)


def flip(picture: Pixels, upright: float, _rng: Generator, _: Grounds) -> Pixels:
    return pixels(picture[::-1] if upright else picture[:, ::-1])


def colours(picture: Pixels, strength: float, rng: Generator, _: Grounds) -> Pixels:
    """Makes the picture warmer or colder, and applies a tone curve."""
    warmth = strength * rng.choice([-1.0, 1.0])
    levels = picture.astype(np.float32) / 255
    levels *= np.array([1 + warmth / 2, 1.0, 1 - warmth / 2], np.float32)
    gamma = np.exp(strength * rng.choice([-1.0, 1.0]))
    return clipped(255 * np.clip(levels, 0, 1) ** np.float32(gamma))


def grey(picture: Pixels, toned: float, _rng: Generator, _: Grounds) -> Pixels:
    levels = picture.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    tone = np.array([1.07, 0.94, 0.72] if toned else [1.0, 1.0, 1.0], np.float32)
    return clipped(levels[..., np.newaxis] * tone)


def blur(picture: Pixels, radius: float, _rng: Generator, _: Grounds) -> Pixels:
    """Applies a box filter twice; its width is this share of the longest side."""
    side = max(3, round(2 * radius * max(picture.shape[:2])))
    return pixels(cv2.blur(cv2.blur(picture, (side, side)), (side, side)))


def pixelate(picture: Pixels, squares: float, _rng: Generator, _: Grounds) -> Pixels:
    """Leaves this many squares along the longest side."""
    height, width = picture.shape[:2]
    scale = squares / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return pixels(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST))


def noise(picture: Pixels, deviation: float, rng: Generator, _: Grounds) -> Pixels:
    """Film grain: mostly the same in all channels, with a little independent noise in each."""
    shape = picture.shape[:2]
    grain = rng.normal(0, deviation, (*shape, 1)) + rng.normal(0, deviation / 3, (*shape, 3))
    return clipped(picture + grain)


def resize(picture: Pixels, scale: float, rng: Generator, _: Grounds) -> Pixels:
    """Below 1: scales the picture down by this factor. Above 1: stretches it by this factor in one direction."""
    height, width = picture.shape[:2]
    if scale < 1:
        return scaled(picture, width * scale, height * scale)
    return scaled(picture, width * scale, height) if rng.random() < 0.5 else scaled(picture, width, height * scale)


def jpeg(picture: Pixels, quality: float, _rng: Generator, _: Grounds) -> Pixels:
    data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)])[1]
    return pixels(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])


def caption(picture: Pixels, bars: float, rng: Generator, _: Grounds) -> Pixels:
    """A line of text over the picture, or bars with text above and below it."""
    edited = Image.fromarray(picture)
    draw = ImageDraw.Draw(edited)
    width, height = edited.size
    font = ImageFont.load_default(max(9, round(height * 0.11)))
    places = (0.0, height * 0.86) if bars else (float(rng.uniform(0.1, 0.8)) * height,)
    for top in places:
        words = _LINES[int(rng.integers(len(_LINES)))]
        if bars:
            draw.rectangle((0, top, width, top + 0.14 * height), fill="black")
        left = max(0.0, (width - draw.textlength(words, font)) / 2)
        draw.text((left, top), words, fill="white", font=font, stroke_width=2, stroke_fill="black")
    return np.asarray(edited)


def letterbox(picture: Pixels, share: float, rng: Generator, _: Grounds) -> Pixels:
    """Adds borders that make one side longer by this share."""
    height, width = picture.shape[:2]
    across = rng.random() < 0.5
    added = round(share * (width if across else height))
    canvas = np.full((height + (0 if across else added), width + (added if across else 0), 3), colour(rng), np.uint8)
    top, left = (0 if across else added // 2), (added // 2 if across else 0)
    canvas[top : top + height, left : left + width] = picture
    return canvas


def paste(picture: Pixels, share: float, rng: Generator, grounds: Grounds) -> Pixels:
    """Pastes the picture on a photograph, scaled to fit into this share of both its sides."""
    canvas = covering(grounds.photograph(rng), 768, 576)
    small = fitted(picture, 768 * share, 576 * share)
    top, left = _place(canvas, small, rng)
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


def overlay(picture: Pixels, share: float, rng: Generator, grounds: Grounds) -> Pixels:
    """Cuts the drawing out of its white ground and puts it on another picture, within this share of both its sides."""
    ground = grounds.picture(rng)
    canvas = fitted(ground, 640, 640)
    small = fitted(picture, canvas.shape[1] * share, canvas.shape[0] * share)
    drawn = ~ground_mask(small)
    if drawn.mean() < 0.02:
        drawn[:] = True
    top, left = _place(canvas, small, rng)
    region = canvas[top : top + small.shape[0], left : left + small.shape[1]]
    region[drawn] = small[drawn]
    return canvas


def _place(canvas: Pixels, small: Pixels, rng: Generator) -> tuple[int, int]:
    return (
        int(rng.integers(max(1, canvas.shape[0] - small.shape[0] + 1))),
        int(rng.integers(max(1, canvas.shape[1] - small.shape[1] + 1))),
    )


COMMON: Sequence[Kind] = (
    Kind("crop", Stage.PART, {"70%": 0.7, "50%": 0.5, "30%": 0.3}, crop),
    Kind("rotate", Stage.PART, {"5": 5, "15": 15, "45": 45, "90": 90}, rotate),
    Kind("flip", Stage.PART, {"across": 0, "upside-down": 1}, flip),
    Kind("colour", Stage.LOOK, {"mild": 0.25, "strong": 0.6}, colours),
    Kind("grey", Stage.LOOK, {"grey": 0, "sepia": 1}, grey),
    Kind("blur", Stage.LOOK, {"1%": 0.01, "2%": 0.02}, blur),
    Kind("pixelate", Stage.LOOK, {"64": 64, "32": 32}, pixelate),
    Kind("noise", Stage.LOOK, {"10": 10, "30": 30}, noise),
    Kind("caption", Stage.LOOK, {"line": 0, "bars": 1}, caption),
    Kind("letterbox", Stage.COMPOSITION, {"25%": 0.25, "80%": 0.8}, letterbox),
    Kind("paste", Stage.COMPOSITION, {"60%": 0.6, "40%": 0.4, "25%": 0.25}, paste),
    Kind("overlay", Stage.COMPOSITION, {"75%": 0.75, "50%": 0.5}, overlay),
    Kind("resize", Stage.FILE, {"50%": 0.5, "20%": 0.2, "stretched": 1.4}, resize),
    Kind("jpeg", Stage.FILE, {"30": 30, "10": 10}, jpeg),
)
