"""The edits that need only one picture, and their weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ledger.image.canonical_image import Pixels

Edit = Callable[[Pixels, Generator], Pixels]
_LEAST = 32
_LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789  "))


def crop(picture: Pixels, rng: Generator) -> Pixels:
    """Keeps 8% to 95% of the area."""
    area, aspect = rng.uniform(0.08, 0.95), np.exp(rng.uniform(-0.4, 0.4))
    height, width = picture.shape[:2]
    tall = int(np.clip(height * np.sqrt(area) / aspect, min(_LEAST, height), height))
    wide = int(np.clip(width * np.sqrt(area) * aspect, min(_LEAST, width), width))
    top, left = int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1))
    part = picture[top : top + tall, left : left + wide]
    # A crop of plain ground teaches nothing.
    return np.ascontiguousarray(part) if part.std() > 0.4 * picture.std() else picture


def turn(picture: Pixels, rng: Generator) -> Pixels:
    """Rotates by any angle, often a small one, over one colour, white or the picture's own edge."""
    angle = rng.uniform(-180, 180) if rng.random() < 0.3 else rng.normal(0, 15)
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    if rng.random() < 0.6:
        cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
        size = (int(height * sine + width * cosine), int(height * cosine + width * sine))
        matrix[:, 2] += ((size[0] - width) / 2, (size[1] - height) / 2)
    else:
        size = (width, height)
    mode = cv2.BORDER_REPLICATE if rng.random() < 0.2 else cv2.BORDER_CONSTANT
    return as_pixels(cv2.warpAffine(picture, matrix, size, borderMode=mode, borderValue=random_colour(rng)))


def quarter_turn(picture: Pixels, rng: Generator) -> Pixels:
    return np.ascontiguousarray(np.rot90(picture, int(rng.integers(1, 4))))


def flip(picture: Pixels, rng: Generator) -> Pixels:
    """Mirrors left to right, sometimes also upside down."""
    return np.ascontiguousarray(picture[::-1] if rng.random() < 0.25 else picture[:, ::-1])


def stretch(picture: Pixels, rng: Generator) -> Pixels:
    factor = np.exp(rng.uniform(-0.5, 0.5))
    height, width = picture.shape[:2]
    return resized(picture, width * factor, height)


def colours(picture: Pixels, rng: Generator) -> Pixels:
    """Changes brightness, contrast, saturation, gamma and colour balance."""
    levels = picture.astype(np.float32) / 255
    grey = levels.mean(axis=2, keepdims=True)
    levels = grey + (levels - grey) * np.float32(rng.uniform(0.0, 2.2))
    levels = (levels - 0.5) * np.float32(rng.uniform(0.4, 1.8)) + 0.5 + np.float32(rng.uniform(-0.25, 0.25))
    levels *= rng.uniform(0.75, 1.25, 3).astype(np.float32) if rng.random() < 0.5 else np.float32(1)
    return _levels(np.clip(levels, 0, 1) ** np.float32(np.exp(rng.uniform(-0.6, 0.6))))


def hue(picture: Pixels, rng: Generator) -> Pixels:
    hsv = np.array(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV))
    hsv[..., 0] = (hsv[..., 0].astype(np.int32) + int(rng.integers(10, 170))) % 180
    return as_pixels(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def grey(picture: Pixels, rng: Generator) -> Pixels:
    """Makes the picture grey, or tones it between two colours."""
    levels = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None] / 255
    if rng.random() < 0.6:
        return _levels(np.repeat(levels, 3, axis=2))
    dark, light = rng.uniform(0, 0.4, 3), rng.uniform(0.6, 1, 3)
    return _levels(dark + (light - dark) * levels)


def invert(picture: Pixels, _: Generator) -> Pixels:
    return 255 - picture


def posterise(picture: Pixels, rng: Generator) -> Pixels:
    step = 256 / rng.integers(2, 7)
    return (np.floor(picture / step) * step + step / 2).astype(np.uint8)


def text(picture: Pixels, rng: Generator) -> Pixels:
    """Writes one to four lines of text."""
    edited = picture.copy()
    height, width = picture.shape[:2]
    for _ in range(int(rng.integers(1, 5))):
        line = "".join(rng.choice(_LETTERS, int(rng.integers(3, 24))))
        place = (int(rng.uniform(-0.1, 0.6) * width), int(rng.uniform(0.05, 1) * height))
        scale = height * rng.uniform(0.0015, 0.009)
        cv2.putText(edited, line, place, int(rng.integers(0, 8)), scale, random_colour(rng), int(rng.integers(1, 4)))
    return edited


def shapes(picture: Pixels, rng: Generator) -> Pixels:
    """Draws one to four rectangles, ellipses or lines, opaque or translucent."""
    edited = picture.copy()
    height, width = picture.shape[:2]
    for _ in range(int(rng.integers(1, 5))):
        centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        half = (int(rng.uniform(0.03, 0.25) * width) + 1, int(rng.uniform(0.03, 0.25) * height) + 1)
        kind, colour = rng.random(), random_colour(rng)
        if kind < 0.4:
            corner = (centre[0] + 2 * half[0], centre[1] + 2 * half[1])
            cv2.rectangle(edited, centre, corner, colour, -1)
        elif kind < 0.8:
            cv2.ellipse(edited, centre, half, rng.uniform(0, 180), 0, 360, colour, -1)
        else:
            end = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
            cv2.line(edited, centre, end, colour, int(rng.integers(2, 12)))
    return mixed(picture, edited, 1.0 if rng.random() < 0.6 else rng.uniform(0.4, 0.9))


def blur(picture: Pixels, rng: Generator) -> Pixels:
    radius = max(picture.shape[:2]) * np.exp(rng.uniform(np.log(0.004), np.log(0.045)))
    if rng.random() < 0.7:
        return as_pixels(cv2.GaussianBlur(picture, (0, 0), radius))
    width = 2 * round(1.7 * radius) + 1  # a square with about the same deviation
    return as_pixels(cv2.boxFilter(picture, -1, (width, width)))


def pixelate(picture: Pixels, rng: Generator) -> Pixels:
    """Leaves 10 to 64 squares along the longer side."""
    height, width = picture.shape[:2]
    factor = rng.integers(10, 65) / max(height, width)
    return as_pixels(cv2.resize(resized(picture, width * factor, height * factor, 4), (width, height), interpolation=0))


def shrink(picture: Pixels, rng: Generator) -> Pixels:
    """Scales down to a third of the size or less, and back."""
    height, width = picture.shape[:2]
    factor = rng.uniform(0.12, 0.4)
    return resized(resized(picture, width * factor, height * factor), width, height)


def noise(picture: Pixels, rng: Generator) -> Pixels:
    if rng.random() < 0.3:
        edited = picture.copy()
        edited[rng.random(picture.shape[:2]) < rng.uniform(0.01, 0.12)] = random_colour(rng)
        return edited
    deviation = np.float32(rng.uniform(5, 50))
    return np.clip(picture + deviation * rng.standard_normal(picture.shape, np.float32), 0, 255).astype(np.uint8)


def jpeg(picture: Pixels, rng: Generator) -> Pixels:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(3, 70))])
    return as_pixels(cv2.imdecode(data, cv2.IMREAD_COLOR)) if done else picture


def sharpen(picture: Pixels, rng: Generator) -> Pixels:
    return mixed(as_pixels(cv2.GaussianBlur(picture, (0, 0), rng.uniform(1, 3))), picture, rng.uniform(1.5, 4))


def edges(picture: Pixels, rng: Generator) -> Pixels:
    """Keeps only the outlines."""
    grey_levels = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), rng.uniform(0.7, 1.5))
    slope = np.hypot(cv2.Sobel(grey_levels, cv2.CV_32F, 1, 0), cv2.Sobel(grey_levels, cv2.CV_32F, 0, 1))
    drawn = np.clip(slope / max(float(slope.max()), 1.0) * rng.uniform(1, 3), 0, 1)
    return _levels(np.repeat((drawn if rng.random() < 0.3 else 1 - drawn)[..., None], 3, axis=2))


def solarise(picture: Pixels, rng: Generator) -> Pixels:
    """Lets the levels above a threshold fall again, as in an overexposed negative."""
    threshold = rng.uniform(0.25, 0.8)
    rising = picture.astype(np.float32) / 255
    return _levels(np.where(rising > threshold, threshold * (1 - rising) / (1 - threshold), rising))


def swirl(picture: Pixels, rng: Generator) -> Pixels:
    """Turns the content around a point, less and less up to a radius."""
    height, width = picture.shape[:2]
    centre = np.array([width, height]) * rng.uniform(0.35, 0.65, 2)
    radius = max(height, width) * rng.uniform(0.3, 0.7)
    down, across = np.indices((height, width), np.float32)
    across, down = across - np.float32(centre[0]), down - np.float32(centre[1])
    near = np.maximum(0, 1 - np.sqrt(across**2 + down**2) / np.float32(radius))
    angle = near**2 * np.float32(rng.uniform(0.6, 4) * rng.choice([-1, 1]))
    cosine, sine = np.cos(angle), np.sin(angle)
    return _moved(picture, across * cosine - down * sine + centre[0], across * sine + down * cosine + centre[1])


def warp(picture: Pixels, rng: Generator) -> Pixels:
    """Bends the content by a smooth random field, by up to a twelfth of the sides."""
    height, width = picture.shape[:2]
    knots = rng.normal(0, rng.uniform(0.015, 0.04), (*rng.integers(3, 7, 2), 2)).clip(-0.08, 0.08)
    field = cv2.resize(knots.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    down, across = np.indices((height, width), np.float32)
    return _moved(picture, across + field[..., 0] * width, down + field[..., 1] * height)


def reground(picture: Pixels, rng: Generator) -> Pixels:
    """Replaces a white ground, as programs do that flatten a transparent picture; its edges may keep a fringe."""
    white = (picture.min(axis=2) > 250).astype(np.uint8)
    _, labels = cv2.connectedComponents(white, connectivity=4)
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    ground = (np.isin(labels, edge) & (white > 0)).astype(np.uint8)
    if not 0.05 < ground.mean() < 0.97:
        return picture
    colour, kind = random_colour(rng), rng.random()
    if kind < 0.4:
        colour = (0, 0, 0)
    elif kind < 0.65:
        colour = (int(rng.integers(40, 230)),) * 3
    grown = int(rng.integers(0, 3))
    if grown:
        ground = as_pixels(cv2.dilate(ground, np.ones((3, 3), np.uint8), iterations=grown))
    share = ground.astype(np.float32)[..., None]
    if rng.random() < 0.5:
        share = cv2.GaussianBlur(share, (0, 0), rng.uniform(0.5, 1.2))[..., None]
    if rng.random() < 0.3:  # a dark fringe
        rim = cv2.GaussianBlur(share[..., 0], (0, 0), 2.0)[..., None]
        return _levels((picture / 255 * (1 - rim) * (1 - share)) + share * np.array(colour) / 255)
    return _levels(picture / 255 * (1 - share) + share * np.array(colour) / 255)


CONTENT: Sequence[tuple[Edit, float]] = (
    # Edit and weight.
    (crop, 5), (turn, 2), (quarter_turn, 1), (flip, 2), (stretch, 1), (colours, 2), (hue, 1), (grey, 1), (invert, 0.7),
    (posterise, 0.7), (text, 1.5), (shapes, 1.2), (blur, 1.5), (pixelate, 1.5), (shrink, 0.7), (noise, 0.7),
    (edges, 0.3), (sharpen, 0.3), (solarise, 0.5), (swirl, 0.7), (warp, 0.7), (reground, 1.5),
)  # fmt: skip
FINISH: Sequence[tuple[Edit, float]] = (
    (jpeg, 3), (shrink, 1), (blur, 1), (colours, 1), (noise, 0.7), (text, 0.8), (pixelate, 0.8), (flip, 0.5),
    (stretch, 0.5), (grey, 0.4), (posterise, 0.3), (turn, 0.5), (hue, 0.2),
)  # fmt: skip


def random_colour(rng: Generator) -> tuple[int, int, int]:
    kind = rng.random()
    if kind < 0.3:
        return (255, 255, 255)
    if kind < 0.5:
        return (0, 0, 0)
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return (red, green, blue)


def resized(picture: Pixels, width: float, height: float, least: int = 8) -> Pixels:
    size = (max(least, round(width)), max(least, round(height)))
    smaller = size[0] < picture.shape[1]
    return as_pixels(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR))


def mixed(first: Pixels, second: Pixels, share: float) -> Pixels:
    """Blends in `share` of the second picture; above 1 it extrapolates away from the first."""
    return as_pixels(cv2.addWeighted(first, 1 - share, second, share, 0))


def _moved(picture: Pixels, across: NDArray[np.floating], down: NDArray[np.floating]) -> Pixels:
    """Each pixel taken from the given place; outside, the picture's edge continues."""
    places = (across.astype(np.float32), down.astype(np.float32))
    return as_pixels(cv2.remap(picture, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _levels(levels: NDArray[np.floating]) -> Pixels:
    return as_pixels((np.clip(levels, 0, 1) * 255).astype(np.uint8))


def as_pixels(array: object) -> Pixels:
    """Narrows the type: OpenCV's stubs declare no element type."""
    return np.asarray(array, np.uint8)
