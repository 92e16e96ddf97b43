"""Rounds of an evaluation: which works are fitted on, which are asked about, whose hand is unknown.

In each round a part of the subjects is held out with all works of them and all near duplicates of these. A few artists
who have enough works are left out altogether, and a third of those who have not: what they made in the held-out
subjects are the questions to which "none of these" is the answer. The others teach the class of none.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.errors import ConflictError
from ledger.lab.train.artist.labels import LabelledWork
from ledger.lab.train.artist.splits import apart, divide

FOLDS = 4
"""Parts of the subjects; a round holds out one of them."""
LEAST_WORKS = 10
LEAST_SUBJECTS = 3
"""What an artist needs to be asked about: enough that several parts have works of theirs."""
UNKNOWN_SHARE = 8
"""One in so many of these artists is unknown in a round."""
OTHERS_AWAY = 3
"""One in so many of the artists with few works is unknown in a round; the others teach the class of none."""
MOST_BY_UNKNOWN = 6
"""Questions by one unknown artist in a round."""


@dataclass(frozen=True, slots=True)
class Round:
    """Rows of the works of one round."""

    name: str
    fit: NDArray[np.int64]
    """Works to fit on; those by artists with few works are the class of none."""
    known: NDArray[np.int64]
    """Questions by artists of `fit`."""
    unknown: NDArray[np.int64]
    """Questions by artists of whom nothing is in `fit`."""

    @property
    def questions(self) -> NDArray[np.int64]:
        return np.concatenate([self.known, self.unknown])


def measurable(works: Sequence[LabelledWork]) -> list[str]:
    """Artists with LEAST_WORKS works in LEAST_SUBJECTS subjects, sorted.

    Raises ConflictError (`too-few-measurable`) if they are fewer than two.
    """
    counts = Counter(work.artist for work in works)
    subjects: dict[str, set[str]] = defaultdict(set)
    for work in works:
        subjects[work.artist].add(work.subject)
    found = sorted(
        artist for artist, count in counts.items() if count >= LEAST_WORKS and len(subjects[artist]) >= LEAST_SUBJECTS
    )
    if len(found) < 3:
        raise ConflictError(
            f"only {len(found)} artists have {LEAST_WORKS} works of {LEAST_SUBJECTS} subjects: at least 3 are needed",
            code="too-few-measurable",
            hint="Measure on more works.",
        )
    return found


def rounds(works: Sequence[LabelledWork], count: int, seed: int, *, random_split: bool = False) -> Iterator[Round]:
    """`count` rounds; every FOLDS of them hold out each subject once. With `random_split`, works are divided without
    regard to subjects and near duplicates, which flatters: the comparison shows by how much."""
    artists = measurable(works)
    by = np.array([work.artist for work in works])
    others = sorted(set(by.tolist()) - set(artists))
    for number in range(count):
        repeat, fold = divmod(number, FOLDS)
        rng = random.Random(f"{seed}/{repeat}")  # noqa: S311 - a sample, not a secret
        order, mixed = rng.sample(artists, len(artists)), rng.sample(others, len(others))
        each = max(1, len(artists) // UNKNOWN_SHARE)
        away = set(order[fold * each : (fold + 1) * each]) | set(mixed[fold % OTHERS_AWAY :: OTHERS_AWAY])
        fold_of = _folds(works, seed + repeat, random_split)
        held_out = fold_of == fold
        fitted = held_out == np.False_ if random_split else apart(works, held_out)
        unknown_by = np.isin(by, sorted(away))
        fit = np.flatnonzero(fitted & ~unknown_by)
        known = np.flatnonzero(held_out & np.isin(by, artists) & ~unknown_by)
        unknown = np.flatnonzero(held_out & unknown_by)
        yield Round(
            f"{'random ' if random_split else ''}{number + 1} of {count}", fit, known, _few_by_one(unknown, works, rng)
        )


def _folds(works: Sequence[LabelledWork], seed: int, random_split: bool) -> NDArray[np.int64]:
    if not random_split:
        return divide(works, FOLDS, seed)
    alone = [LabelledWork(work.key, work.artist, work.key, work.key) for work in works]
    return divide(alone, FOLDS, seed)


def _few_by_one(rows: NDArray[np.int64], works: Sequence[LabelledWork], rng: random.Random) -> NDArray[np.int64]:
    taken: Counter[str] = Counter()
    kept = []
    for row in rng.sample(rows.tolist(), len(rows)):
        taken[works[row].artist] += 1
        if taken[works[row].artist] <= MOST_BY_UNKNOWN:
            kept.append(row)
    return np.array(sorted(kept), np.int64)
