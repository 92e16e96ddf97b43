"""Which candidates are near to a query in style: nearer than all but a share alpha of strangers ever come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.errors import ConflictError
from ledger.match.bins import Bin
from ledger.match.calibration import Calibration
from ledger.match.style import StyleBlock, has_style
from ledger.match.style_calibration import StyleCalibration
from ledger.match.style_null import StyleNull
from ledger.match.types import Candidate, Query


@dataclass(frozen=True, slots=True)
class StyleFinding:
    """What is said of a work that is near in style."""

    score: float
    p_value: float
    bin: Bin
    raw: Mapping[str, float]


class StyleMatcher:
    """Judges candidates by style alone. Holds no state of its own."""

    def __init__(self, rates: StyleCalibration, strangers: StyleNull) -> None:
        """Raises ConflictError (`calibration-mismatch`) when the rates were measured on other strangers."""
        if rates.null_set != strangers.digest:
            raise ConflictError(
                f"the error rates of style were measured on {rates.null_set}, not on {strangers.digest}",
                code="calibration-mismatch",
                hint="Calibrate again with this version.",
            )
        self._rates = rates
        self._strangers = strangers

    def find(self, query: Query, found: Sequence[Candidate]) -> dict[str, StyleFinding]:
        """By work id: of the candidates that allow it those with p <= alpha."""
        asked = query.fingerprint.image
        works = [each for each in found if each.allows_style and has_style(each.fingerprint)]
        if not works or not has_style(asked) or query.not_comparable is not None:
            return {}
        measure, block = self._strangers.measure, StyleBlock.stack([asked])
        near = measure.nearness(block, measure.levels(block), StyleBlock.stack([each.fingerprint for each in works]))
        placed = self._rates.bin_of(asked.complexity)
        findings = {}
        for column, work in enumerate(works):
            # Six digits, as in the calibration file and in records: what is compared is what is written.
            score = round(float(near.score[0, column]), 6)
            if placed.p_value(score) <= self._rates.alpha:
                cosines = {"clip_cosine": float(near.clip[0, column]), "vae_cosine": float(near.vae[0, column])}
                findings[work.work_id] = StyleFinding(score, placed.p_value(score), placed, {**cosines, "style": score})
        return findings


def style_matcher(calibration: Calibration, strangers: StyleNull | None) -> StyleMatcher | None:
    """None where the calibration says nothing of style, or nobody asks for it. Raises as StyleMatcher does."""
    if calibration.style is None or strangers is None:
        return None
    return StyleMatcher(calibration.style, strangers)
