"""The null scores of a corpus, from its own works."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.match.self_null.sample import SampleRule


@dataclass(frozen=True, slots=True, eq=False)
class SelfNull:
    """The null scores of a corpus, from its own works."""

    work_ids: tuple[str, ...]
    """The works of the sample that count, in its order."""
    scores: NDArray[np.float64]
    """The best score of each."""
    rule: SampleRule
    left_out: int
    """Works of the sample that do not count: not comparable, or beyond an artist's share (`best_scores`)."""

    @property
    def digest(self) -> str:
        """Lowercase hex SHA-256 of the work ids, each ended by a line feed."""
        return hashlib.sha256("".join(f"{each}\n" for each in self.work_ids).encode()).hexdigest()
