"""Further edits. Training never applies those marked `unseen`: they show how well it generalises to other edits."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from ledger.image.canonical_image import Pixels
from ledger.lab.evaluate.edits.kinds import Grounds, Kind, Stage, clipped, covering, fitted, pixels

_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16
"""Ordered dither (Bayer 1973)."""


def perspective(picture: Pixels, share: float, rng: Generator, _: Grounds) -> Pixels:
    """A view from the side: moves each corner inwards by up to this share of the sides."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], np.float32)
    moved = corners + inwards * rng.uniform(0.3 * share, share, (4, 2)).astype(np.float32) * (width, height)
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    ground = tuple(int(level) for level in np.median(picture.reshape(-1, 3)[:: max(1, width // 8)], axis=0))
    return pixels(cv2.warpPerspective(picture, matrix, (width, height), borderValue=ground))


def swirl(picture: Pixels, turns: float, rng: Generator, _: Grounds) -> Pixels:
    """Rotates the centre by this many radians, less towards the edge."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = columns - width / 2, rows - height / 2
    radius = np.hypot(x, y)
    angle = np.arctan2(y, x) + turns * rng.choice([-1, 1]) * np.exp(-((radius / (0.35 * max(height, width))) ** 2))
    source_x, source_y = width / 2 + radius * np.cos(angle), height / 2 + radius * np.sin(angle)
    maps = (source_x.astype(np.float32), source_y.astype(np.float32))
    return pixels(cv2.remap(picture, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def solarise(picture: Pixels, threshold: float, _rng: Generator, _: Grounds) -> Pixels:
    """Inverts levels above the threshold."""
    return np.where(picture > threshold, 255 - picture, picture)


def vignette(picture: Pixels, strength: float, _rng: Generator, _: Grounds) -> Pixels:
    """Darkens towards the corners, which lose this share of the light."""
    height, width = picture.shape[:2]
    x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, np.newaxis]
    light = 1 - strength * np.minimum(1, (x**2 + y**2) / 2) ** 0.8
    return clipped(picture * light[..., np.newaxis])


def channel_swap(picture: Pixels, shift: float, _rng: Generator, _: Grounds) -> Pixels:
    """Swaps red and blue, or rotates all three channels."""
    return pixels(picture[..., [2, 0, 1]] if shift else picture[..., ::-1])


def oil_paint(picture: Pixels, radius: float, _rng: Generator, _: Grounds) -> Pixels:
    """Brush strokes: repeated median filters remove fine detail."""
    side = 2 * int(radius) + 1
    for _pass in range(3):
        picture = pixels(cv2.medianBlur(picture, side))
    return picture


def dither(picture: Pixels, cell: float, _rng: Generator, _: Grounds) -> Pixels:
    """Ordered dither to eight colours, in dots of `cell` pixels."""
    height, width = picture.shape[:2]
    size = (max(8, round(width / cell)), max(8, round(height / cell)))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32) / 255
    threshold = np.tile(_BAYER, (size[1] // 4 + 1, size[0] // 4 + 1))[: size[1], : size[0], np.newaxis]
    dots = pixels((small > threshold + 1 / 32) * np.uint8(255))
    return pixels(cv2.resize(dots, (width, height), interpolation=cv2.INTER_NEAREST))


def screen_photo(picture: Pixels, strength: float, rng: Generator, _: Grounds) -> Pixels:
    """A photograph of a screen: scan lines, moire and a reflection."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    lines = 1 - strength * 0.5 * (1 + np.cos(rows * np.float32(2 * np.pi / rng.uniform(2.5, 4.5)))) / 2
    angle, period = rng.uniform(0, np.pi), rng.uniform(12, 40)
    wave = np.cos((rows * np.sin(angle) + columns * np.cos(angle)) * 2 * np.pi / period)
    moire = 25 * strength * wave[..., np.newaxis] * np.array([1.0, -0.6, 0.8])
    sheen = 60 * strength * np.clip(1 - np.abs(columns / width - rng.uniform(0.2, 0.8)) * 3, 0, 1)
    return clipped(picture * lines[..., np.newaxis] + moire + sheen[..., np.newaxis])


def stickers(picture: Pixels, count: float, rng: Generator, _: Grounds) -> Pixels:
    """Scatters faces, hearts and stars over the picture."""
    edited = Image.fromarray(picture)
    draw = ImageDraw.Draw(edited)
    for number in range(int(count)):
        size = float(rng.uniform(0.08, 0.16)) * max(edited.size)
        left, top = (float(rng.uniform(0, max(0.0, side - size))) for side in edited.size)
        (_face, _heart, _star)[number % 3](draw, left, top, size)
    return np.asarray(edited)


def polaroid(picture: Pixels, turned: float, rng: Generator, _: Grounds) -> Pixels:
    """Puts the picture in a white frame with a wide lower edge and writing on it, or tilted on a table."""
    height, width = picture.shape[:2]
    edge = round(0.07 * max(height, width))
    frame = Image.new("RGB", (width + 2 * edge, height + 5 * edge), (250, 249, 244))
    frame.paste(Image.fromarray(picture), (edge, edge))
    draw = ImageDraw.Draw(frame)
    words = f"summer {int(rng.integers(1970, 2025))}"
    draw.text((2 * edge, height + 2 * edge), words, fill=(40, 40, 90), font=ImageFont.load_default(max(9, 2 * edge)))
    if turned:
        table = tuple(int(level) for level in rng.integers(30, 160, 3))
        degrees = float(turned * rng.choice([-1, 1]))
        frame = frame.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=table)
    return np.asarray(frame)


def collage(picture: Pixels, side: float, rng: Generator, grounds: Grounds) -> Pixels:
    """A collage of four pictures, one of them this picture; `side`: size of each."""
    size, gap = int(side), 6
    cells = [covering(grounds.picture(rng), size, size) for _cell in range(3)]
    own = np.full((size, size, 3), 255, np.uint8)
    shown = fitted(picture, size, size)
    top, left = (size - shown.shape[0]) // 2, (size - shown.shape[1]) // 2
    own[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    cells.insert(int(rng.integers(4)), own)
    canvas = np.full((2 * size + gap, 2 * size + gap, 3), 255, np.uint8)
    for number, cell in enumerate(cells):
        row, column = (number // 2) * (size + gap), (number % 2) * (size + gap)
        canvas[row : row + size, column : column + size] = cell
    return canvas


def _face(draw: ImageDraw.ImageDraw, left: float, top: float, size: float) -> None:
    draw.ellipse((left, top, left + size, top + size), fill=(255, 205, 40), outline=(150, 100, 0), width=2)
    for eye in (0.3, 0.6):
        draw.ellipse((left + eye * size, top + 0.3 * size, left + (eye + 0.12) * size, top + 0.45 * size), fill="black")
    box = (left + 0.25 * size, top + 0.3 * size, left + 0.75 * size, top + 0.8 * size)
    draw.arc(box, 20, 160, fill="black", width=max(2, round(size / 14)))


def _heart(draw: ImageDraw.ImageDraw, left: float, top: float, size: float) -> None:
    angle = np.linspace(0, 2 * np.pi, 40)
    x = 16 * np.sin(angle) ** 3
    y = 13 * np.cos(angle) - 5 * np.cos(2 * angle) - 2 * np.cos(3 * angle) - np.cos(4 * angle)
    points = np.column_stack([left + (x + 17) / 34 * size, top + (17 - y) / 34 * size])
    draw.polygon([(float(a), float(b)) for a, b in points], fill=(225, 25, 60))


def _star(draw: ImageDraw.ImageDraw, left: float, top: float, size: float) -> None:
    angle = np.arange(10) * np.pi / 5 - np.pi / 2
    radius = np.where(np.arange(10) % 2, 0.2, 0.5) * size
    points = np.column_stack([left + size / 2 + radius * np.cos(angle), top + size / 2 + radius * np.sin(angle)])
    draw.polygon([(float(a), float(b)) for a, b in points], fill=(60, 120, 240), outline="white")


FURTHER: Sequence[Kind] = (
    Kind("perspective", Stage.PART, {"10%": 0.1, "25%": 0.25}, perspective, unseen=True),
    Kind("swirl", Stage.PART, {"mild": 0.5, "strong": 1.2}, swirl),
    Kind("solarise", Stage.LOOK, {"192": 192, "128": 128}, solarise),
    Kind("vignette", Stage.LOOK, {"50%": 0.5, "95%": 0.95}, vignette, unseen=True),
    Kind("channel-swap", Stage.LOOK, {"red-blue": 0, "all": 1}, channel_swap, unseen=True),
    Kind("oil-paint", Stage.LOOK, {"3": 3, "7": 7}, oil_paint, unseen=True),
    Kind("dither", Stage.LOOK, {"2": 2, "5": 5}, dither, unseen=True),
    Kind("screen-photo", Stage.LOOK, {"mild": 0.4, "strong": 1.0}, screen_photo, unseen=True),
    Kind("stickers", Stage.LOOK, {"5": 5, "15": 15}, stickers),
    Kind("polaroid", Stage.COMPOSITION, {"straight": 0, "askew": 12}, polaroid, unseen=True),
    Kind("collage", Stage.COMPOSITION, {"384": 384, "192": 192}, collage),
)
