"""Which pictures the UNet is shown, how often, and with which prompts.

A few thousand pictures of as many subjects are too few to learn all subjects. So most examples show and name one of
the subjects that people ask for (common-subjects.txt), each equally often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from ledger.lab.train.studio.captions import Subjects, asking_for, caption

_COMMON = 0.9
"""Share of examples that show a common subject."""
_SUBJECT_ONLY = 0.8
"""Share of those whose prompt is the subject alone; the others' prompts use anything known about the picture."""
_EMPTY_PROMPT = 0.1
"""Share of examples with an empty prompt (classifier-free guidance)."""
_UNSHARED_WEIGHT = 0.05
"""Weight of a picture whose subject no other shares; a picture whose subject n pictures share has n ** -0.5."""


@dataclass(frozen=True, slots=True)
class StudioExample:
    index: int
    """Index of the picture."""
    subject: str | None
    """The common subject that it shows; None for other pictures."""


class StudioExamples:
    """Draws examples from pictures with these subjects."""

    def __init__(self, subjects: Sequence[Subjects]) -> None:
        self._subjects = subjects
        self._asked_for = [(word, *_showing(subjects, word)) for word in common_subjects(subjects)]
        common = Counter(word for each in subjects for word in each.words)
        self._rest = _shares(
            [max((common[word] ** -0.5 for word in each.words), default=_UNSHARED_WEIGHT) for each in subjects]
        )

    def draw(self, rng: np.random.Generator) -> StudioExample:
        if self._asked_for and rng.random() < _COMMON:
            word, indices, shares = self._asked_for[rng.integers(len(self._asked_for))]
            return StudioExample(int(rng.choice(indices, p=shares)), word)
        return StudioExample(int(rng.choice(len(self._rest), p=self._rest)), None)

    def told(self, example: StudioExample, colour: str | None, rng: np.random.Generator) -> str:
        """The example's prompt, sometimes empty."""
        if rng.random() < _EMPTY_PROMPT:
            return ""
        if example.subject is not None and rng.random() < _SUBJECT_ONLY:
            return asking_for(example.subject, colour, rng)
        return caption(self._subjects[example.index], colour, rng)


def common_subjects(subjects: Sequence[Subjects]) -> list[str]:
    """The words of common-subjects.txt that at least one picture has."""
    known = {word for each in subjects for word in each.words}
    return [
        word
        for word in resources.files(__package__).joinpath("common-subjects.txt").read_text().split()
        if word in known
    ]


def _showing(subjects: Sequence[Subjects], word: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pictures with the word, and the share of each: smaller if the word comes later in the picture's words."""
    places = [(index, each.words.index(word)) for index, each in enumerate(subjects) if word in each.words]
    return np.array([index for index, _ in places]), _shares([2.0**-place for _, place in places])


def _shares(weights: Sequence[float]) -> NDArray[np.float64]:
    """The weights, scaled to sum 1."""
    given = np.array(weights)
    shares: NDArray[np.float64] = given / given.sum()
    return shares
