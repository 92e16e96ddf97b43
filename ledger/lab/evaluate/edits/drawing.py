"""The edits that measure copy detection. Training cannot import this module (import-linter).

The seed and the picture's key determine everything. Training and evaluation share no code for edits. The kinds marked
`unseen` have no counterpart in training at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from ledger.image.canonical_image import Pixels
from ledger.lab.evaluate.edits.common import COMMON
from ledger.lab.evaluate.edits.kinds import Grounds, Kind, Stage
from ledger.lab.evaluate.edits.unseen import FURTHER

VERSION = 1
"""Increase it whenever an edit changes what it does: cached results are then measured again."""
MOST = 3
"""Largest number of combined edits."""
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (*COMMON, *FURTHER)}


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """A kind at one of its strengths."""

    kind: str
    strength: str

    def __str__(self) -> str:
        return f"{self.kind} {self.strength}"


EDITS = tuple(Edit(kind.name, strength) for kind in KINDS.values() for strength in kind.strengths)

_ORDER = tuple(EDITS[place] for place in np.random.default_rng(0).permutation(len(EDITS)))
"""Shuffled, so that even a few questions cover edits of all kinds."""


def generator(seed: int, key: str) -> Generator:
    """The random numbers of one picture."""
    digest = hashlib.sha256(f"evaluate/{seed}/{key}".encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, np.uint32))


def draw(turn: int, rng: Generator) -> tuple[Edit, ...]:
    """One to MOST edits of different kinds, in the order in which they are applied; `turn` decides how many.

    The first edit also cycles through all edits, so that each is measured about equally often.
    """
    count = 1 + (turn // len(EDITS) + turn) % MOST
    chosen = [_ORDER[turn % len(EDITS)]]
    while len(chosen) < count:
        further = EDITS[int(rng.integers(len(EDITS)))]
        if all(_together(further, edit) for edit in chosen):
            chosen.append(further)
    return tuple(sorted(chosen, key=lambda edit: KINDS[edit.kind].stage))


def apply(picture: Pixels, edit: Edit, rng: Generator, grounds: Grounds) -> Pixels:
    """The edited picture, shape (height, width, 3), possibly of another size. `picture` stays unchanged."""
    kind = KINDS[edit.kind]
    return kind.apply(picture, kind.strengths[edit.strength], rng, grounds)


def combined(picture: Pixels, key: str, grounds: Grounds, *, seed: int, turn: int) -> tuple[Pixels, tuple[Edit, ...]]:
    """The picture with the edits of `draw`, and those edits. Equal arguments give equal pixels."""
    rng = generator(seed, f"{turn}/{key}")
    edits = draw(turn, rng)
    for edit in edits:
        picture = apply(picture, edit, rng, grounds)
    return picture, edits


def _together(first: Edit, second: Edit) -> bool:
    one, two = KINDS[first.kind], KINDS[second.kind]
    return one is not two and not one.stage == two.stage == Stage.COMPOSITION
