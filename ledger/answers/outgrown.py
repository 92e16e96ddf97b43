"""When a corpus has outgrown its calibration. Apart from calibrate.py so that readers of records load no matcher."""

from __future__ import annotations

from ledger.corpus.work import CorpusState

GROWTH = 0.1
"""Share by which the corpus may change in size before its calibration is made anew."""


def is_outdated(calibrated: CorpusState, now: CorpusState) -> bool:
    """Whether the corpus' size has changed by more than a tenth."""
    return abs(now.works - calibrated.works) > GROWTH * max(calibrated.works, 1)
