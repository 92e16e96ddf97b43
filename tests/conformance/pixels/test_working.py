"""The working picture of the large vectors, made once more in integers from the words of FORMAT.md."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conformance.pixels.test_pixels import VECTORS, canonical, content, name_of

LARGE = [each for each in VECTORS if max(each["width"], each["height"]) > 512]
SIDE = 512
BITS = 22


@pytest.mark.parametrize("vector", LARGE, ids=name_of)
def test_the_working_picture(vector: dict[str, Any]) -> None:
    width, height, pixels = canonical(content(vector))
    picture = np.array(pixels, np.int64).reshape(height, width, 3)
    scale = min(1.0, SIDE / max(width, height))
    target = (max(1, round(width * scale)), max(1, round(height * scale)))
    factors = (max(1, width // (3 * target[0])), max(1, height // (3 * target[1])))
    reduced = boxes(picture, *factors)
    across = lanczos(reduced, target[0], width / factors[0])
    working = lanczos(across.swapaxes(0, 1), target[1], height / factors[1]).swapaxes(0, 1)
    assert working.shape == (vector["working"]["height"], vector["working"]["width"], 3)
    assert hashlib.sha256(working.astype(np.uint8).tobytes()).hexdigest() == vector["working"]["sha256"]


def boxes(picture: NDArray[np.int64], across: int, down: int) -> NDArray[np.int64]:
    """Means of blocks; those at the right and lower edge have fewer pixels."""
    height, width, _ = picture.shape
    found = np.zeros((-(-height // down), -(-width // across), 3), np.int64)
    for y in range(found.shape[0]):
        for x in range(found.shape[1]):
            block = picture[y * down : (y + 1) * down, x * across : (x + 1) * across]
            number = block.shape[0] * block.shape[1]
            factor = int(np.float32(2**24) / np.float32(number))
            found[y, x] = (block.sum((0, 1)) + number // 2) * factor >> 24
    return found


def lanczos(picture: NDArray[np.int64], target: int, source: float) -> NDArray[np.int64]:
    """Every row of the picture, of which `source` pixels are taken, in `target` pixels."""
    step = float(np.float32(source)) / target
    spread = max(1.0, step)
    columns = []
    for number in range(target):
        centre = (number + 0.5) * step
        first = max(0, int(centre - 3 * spread + 0.5))
        last = min(picture.shape[1], int(centre + 3 * spread + 0.5))
        weights = [windowed((at - centre + 0.5) / spread) for at in range(first, last)]
        total = sum(weights)
        fixed = [int(each / total * 2**BITS + math.copysign(0.5, each)) for each in weights]
        taken = np.tensordot(picture[:, first:last], np.array(fixed, np.int64), (1, 0))
        columns.append(np.clip((taken + 2 ** (BITS - 1)) >> BITS, 0, 255))
    return np.stack(columns, 1)


def windowed(x: float) -> float:
    def sinc(value: float) -> float:
        return 1.0 if value == 0 else math.sin(math.pi * value) / (math.pi * value)

    return sinc(x) * sinc(x / 3) if -3 <= x < 3 else 0.0
