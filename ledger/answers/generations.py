"""What asking for pictures is answered with, in the shape that CLI and HTTP share (FORMAT.md, "Shapes that stay")."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from ledger.answers.answer import Answer, Base64
from ledger.answers.records import RecordAnswer
from ledger.record.predicates import Guard
from ledger.record.reveal import Reveal


class Confirmation(Answer):
    """What a picture is had for after its report was seen: POST to `path`, once."""

    token: str = Field(repr=False)
    expires_in: float
    """Seconds for which it can be used."""
    path: str = Field(repr=False)


class HandedOut(Answer):
    """A file and the record of its digest."""

    record_id: str
    """Of the generation."""
    asset_record_id: str
    media_type: str
    image: Base64 = Field(repr=False)
    """The file, in base64."""


class GeneratedImage(RecordAnswer):
    """A picture that was asked for, with its `generation` record; without a file where it was blocked or waits to be
    confirmed."""

    model_config = ConfigDict(json_schema_extra={})

    guard: Guard
    reasons: tuple[str, ...]
    """Why the guard decided so."""
    attempts: tuple[str, ...] = ()
    """Ids of the records of attempts that were rejected before, in their order."""
    media_type: str
    asset_record_id: str | None = None
    """Record of the file's digest; null until the file is handed out."""
    confirmation: Confirmation | None = None
    reveal: Reveal | None = None
    """What opens the record's commitment to the prompt (`artledger audit reveal`): for the requester, who alone can
    show it; the service has no copy. Null for a reported picture, whose prompt was not disclosed."""
    image: Base64 | None = Field(default=None, repr=False)
    """The file in base64; null where it was blocked, waits to be confirmed, or was sent in."""


class Generations(Answer):
    images: tuple[GeneratedImage, ...]
