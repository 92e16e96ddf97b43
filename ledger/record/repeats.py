"""Keys by which the log recognises a question that it has already answered (FORMAT.md, Repeats).

A key is stored outside the log. It can be computed from the statement alone, so a log that was restored from its
published entries still recognises the same questions.
"""

from __future__ import annotations

import hashlib

from ledger.record.predicates import Claim, Verification
from ledger.record.statement import Statement


def verification_key(image_sha256: str, through: int, spec: str, calibration: str, classifier: str | None) -> bytes:
    """32 bytes for one question about a picture: the same bytes, corpus state (its last leaf index), fingerprint spec,
    calibration, and classifier of artists if one answers. The last three are digests in hex."""
    spoke = () if classifier is None else (classifier,)
    return _digest("artledger/verification/v1", image_sha256, str(through), spec, calibration, *spoke)


def recorded_key(asked: Verification) -> bytes:
    """`verification_key` of the question that a record answers."""
    classifier = None if asked.artist_reference is None else asked.artist_reference.model
    return verification_key(
        asked.image.sha256, asked.corpus.through, asked.fingerprint.spec, asked.calibration, classifier
    )


def claim_key(claim: Claim, subject_sha256: str) -> bytes:
    """32 bytes for one claim: the same claimant, type, picture, model and works."""
    model = "" if claim.model is None else claim.model.model_id
    return _digest(
        "artledger/claim/v1", claim.claimant_id, claim.claim_type, subject_sha256, model, *sorted(claim.works)
    )


def repeat_key(statement: Statement) -> bytes | None:
    """The key of a verification or a claim; None for every other kind."""
    match statement.predicate:
        case Verification() as asked:
            return recorded_key(asked)
        case Claim() as claim:
            return claim_key(claim, statement.subject_sha256)
        case _:
            return None


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode()).digest()
