"""Finds the candidates that are near to a query in style: nearer than all but a share alpha of unrelated pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.errors import ConflictError
from ledger.match.bins import Bin
from ledger.match.calibration import Calibration
from ledger.match.candidate import Candidate, Query
from ledger.match.lists import STYLE_SCORE
from ledger.match.style.calibration import StyleCalibration
from ledger.match.style.measure import StyleBlock, has_style
from ledger.match.style.null import StyleNull


@dataclass(frozen=True, slots=True)
class StyleFinding:
    """Result for a work that is near in style."""

    p_value: float
    bin: Bin
    raw: Mapping[str, float]

    @property
    def score(self) -> float:
        return self.raw[STYLE_SCORE]


class StyleMatcher:
    """Compares candidates by style only. It has no state."""

    def __init__(self, rates: StyleCalibration, style_null: StyleNull) -> None:
        """Raises ConflictError (`calibration-mismatch`) if the rates were measured on other unrelated pictures."""
        if rates.null_set != style_null.digest:
            raise ConflictError(
                f"the error rates of style were measured on {rates.null_set}, not on {style_null.digest}",
                code="calibration-mismatch",
                hint="Calibrate again with this version.",
            )
        self._rates = rates
        self._style_null = style_null

    def find(self, query: Query, found: Sequence[Candidate]) -> dict[str, StyleFinding]:
        """Findings by work id: candidates that allow style and have p <= alpha."""
        if query.not_comparable is not None:
            return {}
        placed = self._rates.bin_of(query.fingerprint.image.complexity)
        measured = self.measure(query, [each for each in found if each.allows_style])
        findings = {}
        for work_id, raw in measured.items():
            p_value = placed.p_value(raw[STYLE_SCORE])
            if p_value <= self._rates.alpha:
                findings[work_id] = StyleFinding(p_value, placed, raw)
        return findings

    def measure(self, query: Query, works: Sequence[Candidate]) -> dict[str, dict[str, float]]:
        """Parts of nearness in style by work id, as in records, whatever the works allow.

        Only for works with style embeddings; empty if the query has none.
        """
        asked, works = query.fingerprint.image, [each for each in works if has_style(each.fingerprint)]
        if not works or not has_style(asked):
            return {}
        measure, block = self._style_null.measure, StyleBlock.stack([asked])
        near = measure.nearness(block, measure.levels(block), StyleBlock.stack([each.fingerprint for each in works]))
        # Six digits, as in the calibration file and in records: only written values are compared.
        return {
            work.work_id: {
                "clip_cosine": float(near.clip[0, column]),
                STYLE_SCORE: round(float(near.score[0, column]), 6),
                "vae_cosine": float(near.vae[0, column]),
            }
            for column, work in enumerate(works)
        }


def style_matcher(calibration: Calibration, style_null: StyleNull | None) -> StyleMatcher | None:
    """None if the calibration has no style, or no unrelated pictures are given. Raises as StyleMatcher does."""
    if calibration.style is None or style_null is None:
        return None
    return StyleMatcher(calibration.style, style_null)
