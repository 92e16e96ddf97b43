"""What asking for pictures is answered with, in the shape that CLI and HTTP share (FORMAT.md, "Shapes that stay")."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from ledger.answers.records import RecordAnswer
from ledger.record.reveal import Reveal


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a picture is had for that waits to be confirmed: once, and not for long."""

    token: str
    seconds: float
    """For which it can be used."""

    def to_json(self) -> dict[str, Any]:
        return {"token": self.token, "expires_in": self.seconds, "path": f"/v1/generations/{self.token}/confirmations"}

    def __repr__(self) -> str:
        return f"Confirmation(seconds={self.seconds})"


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A file and the record of its digest."""

    record_id: str
    """Of the generation."""
    asset_record_id: str
    media_type: str
    data: bytes

    def to_json(self) -> dict[str, Any]:
        return {
            "record_id": self.record_id,
            "asset_record_id": self.asset_record_id,
            "media_type": self.media_type,
            "image": base64.b64encode(self.data).decode(),
        }


@dataclass(frozen=True, slots=True)
class GeneratedImage:
    """A picture that was asked for, with its record; without a file where it was blocked or waits to be confirmed."""

    record: RecordAnswer
    guard: str
    reasons: tuple[str, ...]
    attempts: tuple[str, ...]
    """Ids of the records of attempts that were rejected before, in their order."""
    media_type: str
    reveal: Reveal | None
    """What opens the record's commitment to the prompt: for the requester, who alone can show it; kept nowhere. None
    for a reported picture, whose prompt was not disclosed."""
    file: HandedOut | None = None
    confirmation: Confirmation | None = None

    def facts(self) -> dict[str, Any]:
        """All but the file's bytes."""
        return self.record.to_json() | {
            "guard": self.guard,
            "reasons": list(self.reasons),
            "attempts": list(self.attempts),
            "media_type": self.media_type,
            "asset_record_id": None if self.file is None else self.file.asset_record_id,
            "confirmation": None if self.confirmation is None else self.confirmation.to_json(),
            "reveal": None if self.reveal is None else self.reveal.model_dump(mode="json"),
        }

    def to_json(self) -> dict[str, Any]:
        """`image`: the file in base64, None where it is not handed out."""
        return self.facts() | {"image": None if self.file is None else base64.b64encode(self.file.data).decode()}
