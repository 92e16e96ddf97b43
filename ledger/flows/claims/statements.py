"""Statements about claims as their makers sign them: claim, response, resolution, each with a commitment to its
text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.answers.drafts import StatementDraft
from ledger.errors import InputError
from ledger.record.commitment import commit, require_reveal
from ledger.record.ids import new_id
from ledger.record.parts import ModelRef, Ref
from ledger.record.predicates import Claim, ClaimType, ClaimVerdict, Resolution, Response
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from ledger.storage.people.claims import ClaimDetail
from ledger.storage.tables.people import MAX_CLAIM_TEXT
from ledger.text import clean_text


@dataclass(frozen=True, slots=True)
class ClaimOrder:
    """What somebody wants to claim."""

    claim_type: ClaimType
    works: tuple[str, ...] = ()
    """Work ids."""
    model_id: str | None = None
    text: str | None = None


def claim_draft(
    order: ClaimOrder, claimant_id: str, image_sha256: str, refs: Iterable[Ref], model: ModelRef | None, *, origin: str
) -> StatementDraft:
    """Raises InputError (`bad-claim-text`)."""
    text, key, digest = _committed(order.text)
    predicate = Claim(
        claim_type=order.claim_type,
        claimant_id=claimant_id,
        generated_at=now_text(),
        model=model,
        origin=origin,
        record_id=new_id(),
        refs=tuple(refs),
        text=digest,
        works=order.works,
    )
    payload = statement_payload("image", image_sha256, predicate)
    return StatementDraft(record_id=predicate.record_id, payload=payload, text=text, text_key=key)


def response_draft(claim: Ref, claim_sha256: str, party_id: str, text: str, *, origin: str) -> StatementDraft:
    """Raises InputError (`bad-claim-text`)."""
    kept, key, digest = _required(text)
    predicate = Response(
        generated_at=now_text(), origin=origin, party_id=party_id, record_id=new_id(), refs=(claim,), text=digest
    )
    payload = statement_payload("claim", claim_sha256, predicate)
    return StatementDraft(record_id=predicate.record_id, payload=payload, text=kept, text_key=key)


def resolution_draft(
    refs: tuple[Ref, ...], claim_sha256: str, auditor_id: str, outcome: ClaimVerdict, text: str, *, origin: str
) -> StatementDraft:
    """`refs`: the claim, and the verdict that the auditor read. Raises InputError (`bad-claim-text`)."""
    kept, key, digest = _required(text)
    predicate = Resolution(
        auditor_id=auditor_id,
        generated_at=now_text(),
        origin=origin,
        outcome=outcome,
        record_id=new_id(),
        refs=refs,
        text=digest,
    )
    payload = statement_payload("claim", claim_sha256, predicate)
    return StatementDraft(record_id=predicate.record_id, payload=payload, text=kept, text_key=key)


def opened_text(committed: str | None, text: str | None, key: str | None) -> ClaimDetail | None:
    """The text that a statement commits to, in the form in which it is kept; None for a statement without a text.

    Raises InputError (`bad-claim-text`: missing, too long, or not as it would be shown), VerificationError
    (`commitment-mismatch`).
    """
    if committed is None:
        if text is not None:
            raise _bad("the statement commits to no text, but one came with it")
        return None
    if text is None or key is None:
        raise _bad("the statement commits to a text: send text and text_key with it")
    if _cleaned(text) != text:
        raise _bad("it has characters that cannot be shown, or white space at its ends")
    try:
        raw = bytes.fromhex(key)
    except ValueError as error:
        raise _bad("text_key is not hexadecimal") from error
    require_reveal(committed, raw, text_value(text))
    return ClaimDetail(text, key)


def text_value(text: str) -> dict[str, str]:
    """What the `text` of a statement commits to (FORMAT.md, Values)."""
    return {"text": text}


def _committed(text: str | None) -> tuple[str | None, str | None, str | None]:
    """The text as it is kept, the commitment's key, and its digest."""
    return (None, None, None) if text is None or not text.strip() else _required(text)


def _required(text: str) -> tuple[str, str, str]:
    kept = _cleaned(text)
    commitment = commit(text_value(kept))
    return kept, commitment.key.hex(), commitment.digest


def _cleaned(text: str) -> str:
    """Raises InputError (`bad-claim-text`) where the text is too long, because cutting it could change its meaning."""
    kept = clean_text(text, len(text) + 1)
    if not 1 <= len(kept) <= MAX_CLAIM_TEXT:
        raise _bad(f"it has {len(kept):,} characters that can be shown; 1 to {MAX_CLAIM_TEXT:,} are taken")
    return kept


def _bad(message: str) -> InputError:
    return InputError(f"the text cannot be used: {message}", code="bad-claim-text")
