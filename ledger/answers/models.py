"""Models that pictures were made with, and what they were trained on."""

from __future__ import annotations

from typing import Literal

from ledger.answers.answer import Answer, JsonObject, Links
from ledger.audit.manifest import Member
from ledger.record.parts import Manifest


class ModelAnswer(Answer):
    """A model as its newest record has it."""

    model_id: str
    format: str
    weights_sha256: str
    """SHA-256 over the sorted digests of its files."""
    spec: str
    """Digest of the description's RFC 8785 bytes."""
    description: JsonObject
    manifest: Manifest | None
    """`root` and `size` of the works that it was trained on; null where that is undisclosed."""
    manifest_status: Literal["disclosed", "undisclosed"]
    record_id: str
    links: Links


class MembershipAnswer(Answer):
    """Whether a file was among those that a model was trained on, with the proof (ledger/audit/manifest.py)."""

    model_id: str
    record_id: str
    """The `model` record, which has root and size."""
    sha256: str
    listed: bool
    root: str
    size: int
    proof: tuple[Member, ...]
    """The digest itself, or the neighbours between which it is missing."""
