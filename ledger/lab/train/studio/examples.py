"""Which pictures the UNet is shown, how often, and what it is told of each.

A few thousand pictures of as many subjects are too few to learn all of them from. So most examples show one of the
subjects that people ask for (common-subjects.txt), each as often as any other, and name it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from ledger.lab.train.studio.captions import Subjects, asking_for, caption

_ASKED_FOR = 0.9
"""Share of examples that show what people ask for."""
_NAMED = 0.8
"""Share of those that are told that subject alone; the others anything that is known of the picture."""
_UNTOLD = 0.1
"""Share of examples that learn what a picture is without being told which (classifier-free guidance)."""
_UNNAMED = 0.05
"""Weight among the rest of a picture without a subject that others share; one whose subject n share has n ** -0.5."""


@dataclass(frozen=True, slots=True)
class StudioExample:
    index: int
    """Of the picture."""
    subject: str | None
    """What people ask for that it shows; None for one of the rest."""


class StudioExamples:
    """Draws examples from pictures with these subjects."""

    def __init__(self, subjects: Sequence[Subjects]) -> None:
        self._subjects = subjects
        self._asked_for = [(word, *_showing(subjects, word)) for word in common_subjects(subjects)]
        common = Counter(word for each in subjects for word in each.words)
        self._rest = _shares(
            [max((common[word] ** -0.5 for word in each.words), default=_UNNAMED) for each in subjects]
        )

    def draw(self, rng: np.random.Generator) -> StudioExample:
        if self._asked_for and rng.random() < _ASKED_FOR:
            word, indices, shares = self._asked_for[rng.integers(len(self._asked_for))]
            return StudioExample(int(rng.choice(indices, p=shares)), word)
        return StudioExample(int(rng.choice(len(self._rest), p=self._rest)), None)

    def told(self, example: StudioExample, colour: str | None, rng: np.random.Generator) -> str:
        """The prompt that the example answers; empty where it answers none."""
        if rng.random() < _UNTOLD:
            return ""
        if example.subject is not None and rng.random() < _NAMED:
            return asking_for(example.subject, colour, rng)
        return caption(self._subjects[example.index], colour, rng)


def common_subjects(subjects: Sequence[Subjects]) -> list[str]:
    """The words of common-subjects.txt that any picture has."""
    known = {word for each in subjects for word in each.words}
    return [
        word
        for word in resources.files(__package__).joinpath("common-subjects.txt").read_text().split()
        if word in known
    ]


def _showing(subjects: Sequence[Subjects], word: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pictures with the word, and the share of each: the less, the later it stands among the picture's words."""
    places = [(index, each.words.index(word)) for index, each in enumerate(subjects) if word in each.words]
    return np.array([index for index, _ in places]), _shares([2.0**-place for _, place in places])


def _shares(weights: Sequence[float]) -> NDArray[np.float64]:
    """The weights, their sum 1."""
    given = np.array(weights)
    shares: NDArray[np.float64] = given / given.sum()
    return shares
