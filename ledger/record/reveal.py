"""Reveals what a record commits to (FORMAT.md, Commitment), given the key and the object."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationError

from ledger.errors import InputError, VerificationError
from ledger.record.commitment import require_reveal
from ledger.record.predicates import Predicate
from ledger.record.predicates.pictures import UNKNOWN
from ledger.record.values import Digest, Id, Model

MAX_REVEAL_BYTES = 1_000_000

CommittedField = Literal["domain", "metadata", "prompt", "text"]
"""The fields of predicates that are commitments."""


class Reveal(Model):
    """A reveal: `value` is the object that the record's `field` commits to, under `key` (lowercase hex)."""

    field: CommittedField
    key: Digest = Field(repr=False)
    record_id: Id
    value: Any = Field(repr=False)


def parse_reveal(data: bytes) -> Reveal:
    """The reveal in a JSON file's bytes. Raises InputError (`bad-reveal`)."""
    if len(data) > MAX_REVEAL_BYTES:
        raise _bad(f"it has {len(data):,} bytes; at most {MAX_REVEAL_BYTES:,} are allowed")
    try:
        return Reveal.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:100] or "the whole"
        raise _bad(f"{place}: {first['msg']}"[:300]) from error


def require_revealed(predicate: Predicate, reveal: Reveal) -> None:
    """Requires that the reveal belongs to this record and opens its commitment.

    Raises VerificationError (`reveal-other-record`, `nothing-committed`, `commitment-mismatch`), InputError
    (`not-committable`).
    """
    if reveal.record_id != predicate.record_id:
        raise VerificationError(
            f"the reveal belongs to record {reveal.record_id}, not to {predicate.record_id}", code="reveal-other-record"
        )
    committed = getattr(predicate, reveal.field, None)
    if not isinstance(committed, str) or committed == UNKNOWN:
        raise VerificationError(
            f"the {predicate.kind} record has no commitment to its {reveal.field}, so there is nothing to reveal",
            code="nothing-committed",
        )
    require_reveal(committed, bytes.fromhex(reveal.key), reveal.value)


def _bad(message: str) -> InputError:
    return InputError(
        f"not a reveal file: {message}",
        code="bad-reveal",
        hint='a reveal is {"field", "key", "record_id", "value"}, as `artledger generate` wrote it',
    )
