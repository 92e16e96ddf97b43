"""Which view of a file /verify compared. The record does not say it, so the address of its page does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from ledger.answers.notes import notes_on_view
from ledger.image.canonical_image import CanonicalImage
from ledger.image.limits import MAX_IN_FILE, MOST_FRAMES

Tried = Annotated[int, Field(ge=1, le=MOST_FRAMES)]


class ComparedView(BaseModel):
    """Numbers from an address, so untrusted; only fixed sentences are made of them."""

    frames: Annotated[int, Field(ge=1, le=MAX_IN_FILE["frames"])] = 1
    frame: Tried = 1
    tried: Tried = 1
    over_black: bool = False

    @classmethod
    def of(cls, image: CanonicalImage) -> Self:
        return cls(frames=image.frames, frame=image.frame, tried=image.tried, over_black=image.over_black)

    @property
    def query(self) -> str:
        """The part of the address; empty where there is nothing to say."""
        said = self.model_dump(exclude_defaults=True)
        return f"?{urlencode(said)}" if said else ""

    def notes(self, predicate: Mapping[str, Any]) -> tuple[str, ...]:
        """The sentences for the record with this predicate; none for records that are about no file."""
        media_type = (predicate.get("image") or {}).get("media_type", "")
        return notes_on_view(media_type, self.frames, self.frame, self.tried, over_black=self.over_black)
