"""The time that parties and auditors have for a claim, and what holds once it has passed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from ledger.answers.answer import Answer
from ledger.record.times import day, format_time

ClaimPhase = Literal["answering", "deciding", "stands", "decided"]


class ClaimClock(Answer):
    """Where a claim is in its time."""

    phase: ClaimPhase
    answer_by: str
    """Until when whoever it concerns is asked to answer. Later answers are taken, too."""
    decide_by: str
    """Until when auditors are asked to decide. From then on the verdict of the rules stands; an auditor may still
    decide."""
    answered: bool
    """Whether anybody but the claimant answered."""
    says: str
    """All of it in words."""


@dataclass(frozen=True, slots=True)
class ClaimTimes:
    """How many days this service gives."""

    answer_days: int
    decide_days: int

    def undecided_since(self) -> datetime:
        """Claims from before this time stand, unless an auditor decided them."""
        return datetime.now(UTC) - timedelta(days=self.decide_days)

    def clock(self, filed: datetime, *, answered: bool, decided: bool) -> ClaimClock:
        """`filed`: when the claim was appended."""
        answer_by, decide_by = filed + timedelta(days=self.answer_days), filed + timedelta(days=self.decide_days)
        now = datetime.now(UTC)
        phase: ClaimPhase = "answering" if now < answer_by else "deciding" if now < decide_by else "stands"
        phase = "decided" if decided else phase
        texts = format_time(answer_by), format_time(decide_by)
        return ClaimClock(
            phase=phase,
            answer_by=texts[0],
            decide_by=texts[1],
            answered=answered,
            says=_says(phase, day(texts[0]), day(texts[1]), answered=answered),
        )


def _says(phase: ClaimPhase, answer_by: str, decide_by: str, *, answered: bool) -> str:
    if phase == "decided":
        return "An auditor decided it."
    said = (
        "Somebody else has answered it."
        if answered
        else f"Nobody else answered it by {answer_by}: that proves nothing."
    )
    if phase == "answering":
        said = said if answered else f"Whoever it concerns is asked to answer by {answer_by}."
    if phase == "stands":
        return f"{said} No auditor decided it by {decide_by}, so the verdict of the rules stands. One still may."
    return f"{said} Auditors are asked to decide by {decide_by}; after that, the verdict of the rules stands."
