"""What the network gets of a batch: whole queries and windows, each kind in stacks of a few pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, stack

from ledger.lab.train.copy.examples import CELL, CopyExample

_WHOLE, _WINDOW = 0.5, 0.7
"""Weights of the two views of a picture that is seen both ways."""


@dataclass(frozen=True, slots=True)
class CopyViews:
    """A stack of views of one size."""

    pixels: NDArray[np.uint8]
    """Shape (n, side, side, 3)."""
    rows: Sequence[int]
    """The example of each, by its place in the batch."""
    weight: NDArray[np.float32]
    places: Sequence[tuple[int, int]]
    """For windows: the first row and column of each in its map; empty for whole queries."""

    def seen(self, feature_map: Tensor) -> Tensor:
        """The part of each map that is pooled."""
        if not self.places:
            return feature_map
        cells = self.pixels.shape[1] // CELL - 1
        return stack(
            [
                each[:, row : row + cells, column : column + cells]
                for each, (row, column) in zip(feature_map, self.places, strict=True)
            ]
        )


def views_of(batch: Sequence[CopyExample], part: int) -> Iterator[CopyViews]:
    """All views of the batch, at most `part` at once."""
    wholes = [row for row, example in enumerate(batch) if example.query is not None]
    windows = [row for row, example in enumerate(batch) if example.window is not None]
    for start in range(0, len(wholes), part):
        rows = wholes[start : start + part]
        pixels = [example.query for example in (batch[row] for row in rows) if example.query is not None]
        weight = [1.0 if batch[row].window is None else _WHOLE for row in rows]
        yield CopyViews(np.stack(pixels), rows, np.array(weight, np.float32), ())
    for start in range(0, len(windows), part):
        rows = windows[start : start + part]
        shown = [example.window for example in (batch[row] for row in rows) if example.window is not None]
        weight = [1.0 if batch[row].query is None else _WINDOW for row in rows]
        places = [(window.row, window.column) for window in shown]
        yield CopyViews(np.stack([window.pixels for window in shown]), rows, np.array(weight, np.float32), places)
