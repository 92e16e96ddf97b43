"""The log of a training run, which grows over all its parts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ledger.lab.train.copy.training import CopyTrainingReport
from ledger.lab.train.copy.validation import CopyRecall

_EVERY = 10


class CopyTrainingLog:
    """Appends a line for each tenth step, with the mean of what came since the last line, and one for each recall."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._since: list[CopyTrainingReport] = []

    def step(self, report: CopyTrainingReport) -> None:
        self._since.append(report)
        if report.step % _EVERY == 0:
            loss, found = (
                sum(values) / len(self._since)
                for values in zip(*((each.loss, each.found) for each in self._since), strict=True)
            )
            self._line(report.step, f"loss {loss:.3f}, found {found:.3f}")
            self._since = []
        if report.recall is not None:
            self.recall(report.step, report.recall)

    def recall(self, step: int, recall: CopyRecall) -> None:
        self._line(step, str(recall))

    def _line(self, step: int, text: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} step {step}: {text}\n")
