"""What was published last, for display; whoever relies on it verifies it."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.log.checkpoint import parse_checkpoint
from ledger.log.note import parse_note
from ledger.log.objects import ObjectReader
from ledger.log.tiles import CHECKPOINT_PATH


@dataclass(frozen=True, slots=True)
class PublishedCheckpoint:
    size: int
    root: str
    """Lowercase hex."""
    text: str
    """The signed checkpoint, verbatim."""


def latest_checkpoint(objects: ObjectReader) -> PublishedCheckpoint | None:
    """None before the first checkpoint. Raises VerificationError when the store holds something else there."""
    data = objects.get(CHECKPOINT_PATH)
    if data is None:
        return None
    checkpoint = parse_checkpoint(parse_note(data).text)
    return PublishedCheckpoint(checkpoint.size, checkpoint.root.hex(), data.decode())
