"""The edits that copy detection is measured with. Training cannot import this module (import-linter).

Everything follows from the seed and the picture's key. Edits that training applies never come from here, those that
evaluation applies never from there; the kinds marked `unseen` have no counterpart in training at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from ledger.image.canonical_image import Pixels
from ledger.lab.evaluate.common_edits import COMMON
from ledger.lab.evaluate.edit_kinds import Grounds, Kind, Stage
from ledger.lab.evaluate.unseen_edits import UNSEEN

VERSION = 1
"""Counted up with every change of what an edit does: what was measured before is then measured anew."""
MOST = 3
"""Edits at once."""
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (*COMMON, *UNSEEN)}


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """A kind at one of its strengths."""

    kind: str
    strength: str

    def __str__(self) -> str:
        return f"{self.kind} {self.strength}"


EDITS = tuple(Edit(kind.name, strength) for kind in KINDS.values() for strength in kind.strengths)

_ORDER = tuple(EDITS[place] for place in np.random.default_rng(0).permutation(len(EDITS)))
"""Shuffled, so that a few questions already have edits of all sorts."""


def generator(seed: int, key: str) -> Generator:
    """The random numbers of one picture."""
    digest = hashlib.sha256(f"evaluate/{seed}/{key}".encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, np.uint32))


def draw(turn: int, rng: Generator) -> tuple[Edit, ...]:
    """One, two or three edits of different kinds, by turns, in the order in which they are applied.

    The first one goes through all edits by turns too, so that each is measured about as often.
    """
    count = 1 + (turn // len(EDITS) + turn) % MOST
    chosen = [_ORDER[turn % len(EDITS)]]
    while len(chosen) < count:
        further = EDITS[int(rng.integers(len(EDITS)))]
        if all(_together(further, edit) for edit in chosen):
            chosen.append(further)
    return tuple(sorted(chosen, key=lambda edit: KINDS[edit.kind].stage))


def apply(picture: Pixels, edit: Edit, rng: Generator, grounds: Grounds) -> Pixels:
    """`picture`: shape (height, width, 3), unchanged; so is the result's shape but for its size."""
    kind = KINDS[edit.kind]
    return kind.apply(picture, kind.strengths[edit.strength], rng, grounds)


def combined(picture: Pixels, key: str, grounds: Grounds, *, seed: int, turn: int) -> tuple[Pixels, tuple[Edit, ...]]:
    """The picture edited as `draw` says, and how. Equal arguments give equal pixels."""
    rng = generator(seed, f"{turn}/{key}")
    edits = draw(turn, rng)
    for edit in edits:
        picture = apply(picture, edit, rng, grounds)
    return picture, edits


def _together(first: Edit, second: Edit) -> bool:
    one, two = KINDS[first.kind], KINDS[second.kind]
    return one is not two and not one.stage == two.stage == Stage.COMPOSITION
