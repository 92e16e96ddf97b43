"""Measures how near unrelated pictures come, in style, to the works whose terms allow it to be compared.

As with copies, the null score of an unrelated picture is its best score against the whole corpus. Geometry plays no
part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.errors import ConflictError
from ledger.fingerprint.spec import FingerprintSpec
from ledger.match.bins import LOWEST, Bin, bin_of, bin_texts
from ledger.match.calibration_file import NullBinText, StyleText
from ledger.match.null_set import NullSet
from ledger.match.ranking import RankingText
from ledger.match.style.measure import StyleBlock
from ledger.match.style.null import StyleNull

_STYLE = "style-"
"""Prefix of the names of style bins."""
_NO_NULL_PICTURES = Bin(f"{_STYLE}all", math.inf, np.empty(0), 1)
"""The bin without unrelated pictures: nothing counts as near, p is 1."""


@dataclass(frozen=True, slots=True)
class StyleCalibration:
    """Error rates of nearness in style."""

    null_set: str
    """Digest of the file with the unrelated pictures' embeddings (null.py)."""
    alpha: float
    """At most the alpha of copies."""
    bins: tuple[Bin, ...]

    def bin_of(self, complexity: float) -> Bin:
        return bin_of(self.bins, complexity)


@dataclass(frozen=True, slots=True)
class StyledCorpus:
    """Further input of a calibration with style."""

    style_null: StyleNull
    works: Iterable[StyleBlock]
    """Embeddings of the works that may be compared by style, in any order and size."""


def style_text(
    null_set: NullSet, contained: NDArray[np.bool_], style: StyledCorpus, spec: FingerprintSpec, ranking: RankingText
) -> StyleText:
    """Error rates of style. `contained`: which null pictures the corpus contains, shape (n,).

    Raises ConflictError: `spec-mismatch`, or `calibration-mismatch` for unrelated pictures of another null set.
    """
    style_null = style.style_null
    if style_null.spec != spec.style_part:
        raise ConflictError(
            f"the unrelated pictures for style have embeddings of {style_null.spec}, the fingerprints those of "
            f"{spec.style_part}",
            code="spec-mismatch",
            hint="Measure the unrelated pictures again: artledger train style-null",
        )
    if style_null.null_set != null_set.digest:
        raise ConflictError(
            f"the unrelated pictures for style belong to null set {style_null.null_set}, not to {null_set.digest}",
            code="calibration-mismatch",
            hint="Measure them again: artledger train style-null",
        )
    away = ~contained[style_null.rows]
    asked, measure = style_null.pictures[away], style_null.measure
    levels_of_asked = measure.levels(asked)
    best = np.full(len(asked), LOWEST)
    for works in style.works:
        near = measure.nearness(asked, levels_of_asked, works).score
        best = np.maximum(best, near.max(axis=1, initial=LOWEST).astype(np.float64))
    complexity = null_set.complexity[style_null.rows[away]]
    bins = bin_texts(ranking, complexity, best[:, None]) if away.any() else []
    return StyleText(
        alpha=ranking.alpha,
        bins=[NullBinText(name=f"{_STYLE}{item.name}", below=item.below, null=item.null) for item in bins],
        left_out=int((~away).sum()),
        null_set=style_null.digest,
    )


def read_style(text: StyleText) -> StyleCalibration:
    bins = tuple(Bin(item.name, float(item.below), np.array(item.null, np.float64), 1) for item in text.bins)
    return StyleCalibration(null_set=text.null_set, alpha=float(text.alpha), bins=bins or (_NO_NULL_PICTURES,))
