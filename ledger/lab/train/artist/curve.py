"""What a classifier would have reached with fewer works of each artist: whether more works would help."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ledger.lab.train.artist.choice import Choice, Fits, Material, macro_top1
from ledger.lab.train.artist.labels import spread

SIZES = (3, 6, 12, 24, 48)
"""Works of one artist, at most, in a fit."""


def learning_curve(chosen: Choice, material: Material, fits: Fits) -> list[dict[str, Any]]:
    """Macro top-1 of the best single classifier, by the works of one artist that it saw at most; the last point is with
    all. The works that judge are the same at every point."""
    best = chosen.trials[0]
    most = max(
        int(np.bincount(material.labels[rows], minlength=material.classes)[:-1].max()) for rows, _ in chosen.parts
    )
    points = [{"works": size, "macro_top1": _reached(size, chosen, material, fits)} for size in SIZES if size < most]
    return [*points, {"works": most, "macro_top1": best.figures["macro_top1"]}]


def _reached(size: int, chosen: Choice, material: Material, fits: Fits) -> float:
    scores = np.zeros((len(material.labels), material.classes))
    for number, (rows, held_out) in enumerate(chosen.parts):
        what = f"{size} works each, part {number + 1} of {len(chosen.parts)}"
        scores[held_out] = fits.scores(chosen.trials[0].candidate, what, _few(size, rows, material), held_out)
    judged = chosen.judged
    return round(macro_top1(scores[judged], material.labels[judged]), 4)


def _few(size: int, rows: NDArray[np.int64], material: Material) -> NDArray[np.int64]:
    """At most `size` of these rows of each artist; all of the class of none."""
    none = material.classes - 1
    kept = rows[material.labels[rows] == none].tolist()
    for label in np.unique(material.labels[rows]):
        if label != none:
            kept += spread(material.works, rows[material.labels[rows] == label].tolist(), size, material.seed)
    return np.array(sorted(kept), np.int64)
