"""Divides works into folds by subject, so that a classifier is judged by works of subjects that it did not see.

Near duplicates are never on both sides either: works whose group is in a fold are left out when that fold is held out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ledger.lab.train.artist.labels import LabelledWork

_RESTLESS = 0.02
"""How much chance moves subjects in the order in which they are placed: other seeds give other folds."""


def divide(works: Sequence[LabelledWork], folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each work, shape (n,). Whole subjects are placed, largest first, where each artist's works become
    most even."""
    rng = np.random.default_rng(seed)
    artists = {name: place for place, name in enumerate(sorted({work.artist for work in works}))}
    subjects = {name: place for place, name in enumerate(sorted({work.subject for work in works}))}
    counts = np.zeros((len(subjects), len(artists)))
    np.add.at(counts, ([subjects[work.subject] for work in works], [artists[work.artist] for work in works]), 1)
    share = counts / counts.sum(axis=0)
    order = np.argsort(-(share.std(axis=1) + rng.normal(0, _RESTLESS, len(subjects)) * share.std(axis=1)))
    load, fold_of = np.zeros((folds, len(artists))), np.zeros(len(subjects), np.int64)
    for subject in order:
        there = share[subject] > 0
        # The square of a load grows fastest where much lies already: the sum is least in the emptiest fold.
        cost = (load[:, there] * share[subject, there]).sum(axis=1) + 1e-9 * rng.random(folds)
        fold_of[subject] = int(cost.argmin())
        load[fold_of[subject]] += share[subject]
    return fold_of[[subjects[work.subject] for work in works]]


def apart(works: Sequence[LabelledWork], held_out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which works may be fitted on: not held out themselves, nor near duplicates of one that is."""
    groups = {work.group for work, out in zip(works, held_out, strict=True) if out}
    return ~held_out & np.array([work.group not in groups for work in works], np.bool_)
