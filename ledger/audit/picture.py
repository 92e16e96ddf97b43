"""The audit of a record against its picture: digests, fingerprint, scores.

First come the checks of `verifier`, then:

10. Bytes. The picture's SHA-256 is the recorded one.
11. Pixels. Decoded again, the view that is compared has the recorded size and digest; or its canonical pixels do, of
    a record that is older than views.
12. Fingerprint. Computed again under the recorded spec, it equals the recorded one within the tolerances below.
13. Scores. Computed again against every work whose embedding is disclosed, the matches have the recorded scores.

10 needs only the picture. 11 to 13 need models and libraries. An auditor without them gets `not checked` with the
reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from ledger.audit.checks import Audit, Check, Outcome, not_checked
from ledger.audit.recompute import EmbeddingComparison, Recompute, ScoreComparison
from ledger.audit.verifier import STATEMENT, Trust, bundle_checks, read_bundle
from ledger.errors import LedgerError, VerificationError
from ledger.log.witness_policy import WitnessPolicy
from ledger.match.lists import STYLE_SCORE
from ledger.record.predicates import Asset, Generation, Registration, Verification
from ledger.record.statement import Statement, parse_payload

_Pictured = Verification | Generation | Registration

BYTES = "image bytes"
PIXELS = "canonical pixels"
FINGERPRINT = "fingerprint"
SCORES = "scores"

HASH_TOLERANCE = 4
"""Bits of 256 by which a hash may differ: decoders and resamplers round differently between versions."""
COSINE_TOLERANCE = 0.001
"""A recomputed vector's cosine with the recorded one may be this much below 1: float sums differ by machine."""
SCORE_TOLERANCE = 0.02
"""Largest difference of a recomputed calibrated score, which follows from the two tolerances above."""
STYLE_TOLERANCE = 0.05
"""Largest difference of recomputed nearness in style, for the same reason."""


def audit_record(
    data: bytes,
    image: bytes | None,
    log_vkey: str | None,
    record_keys: Iterable[bytes] = (),
    policy: WitnessPolicy | None = None,
    *,
    recompute: Recompute | None = None,
) -> Audit:
    """Audits a record's bundle against the picture's bytes. Raises InputError only for invalid keys."""
    trust = Trust.of(log_vkey, record_keys, policy)
    bundle, encoding = read_bundle(data)
    if bundle is None:
        return Audit("record", (encoding,))
    checks = (encoding, *bundle_checks(bundle, trust))
    # A statement that did not pass the checks above cannot be compared with a picture.
    if not any(check.name == STATEMENT and check.outcome is Outcome.PASSED for check in checks):
        return Audit("record", (*checks, not_checked(BYTES, "the statement was not verified")))
    statement = parse_payload(bundle.envelope.payload)
    return Audit(f"{statement.kind} {statement.record_id}", (*checks, *_picture_checks(statement, image, recompute)))


def _picture_checks(statement: Statement, image: bytes | None, recompute: Recompute | None) -> tuple[Check, ...]:
    record = statement.predicate
    if isinstance(record, Asset) and image is not None:
        # A delivered file has nothing to recompute: its generation record describes the pixels.
        return (_bytes(statement, image),)
    if not isinstance(record, _Pictured):
        return (not_checked(BYTES, f"a {record.kind} record is not about a picture", essential=False),)
    if image is None:
        return (not_checked(BYTES, "no picture was given", essential=False),)
    # 10. A generation is about pixels: its file may have got metadata since then, and then 11 decides.
    checks = [_bytes(statement, image)]
    decisive = checks[0].outcome is not Outcome.PASSED
    # 11. to 13.
    checks.append(_recomputed(PIXELS, recompute, lambda tool: _pixels(record, image, tool), essential=decisive))
    checks.append(_recomputed(FINGERPRINT, recompute, lambda tool: _fingerprint(record, image, tool)))
    if not isinstance(record, Registration):
        checks.append(_recomputed(SCORES, recompute, lambda tool: _scores(record, image, tool)))
    return tuple(checks)


class _OpenQuestionError(Exception):
    """Neither confirmed nor refuted; the message is the reason."""


def _recomputed(
    name: str, recompute: Recompute | None, detail: Callable[[Recompute], str], *, essential: bool = False
) -> Check:
    """Only a contradiction refutes. If something cannot be decoded, loaded or found here, it stays unchecked."""
    if recompute is None:
        return not_checked(name, "decoding and fingerprinting are not installed here", essential=essential)
    try:
        return Check(name, Outcome.PASSED, detail(recompute), essential)
    except VerificationError as error:
        return Check(name, Outcome.FAILED, error.message, essential, error.code)
    except (LedgerError, _OpenQuestionError) as error:
        return not_checked(name, str(error), essential=essential)


def _bytes(statement: Statement, image: bytes) -> Check:
    record = statement.predicate
    found = hashlib.sha256(image).hexdigest()
    expected = record.image.sha256 if isinstance(record, Verification | Generation) else statement.subject_sha256
    if found == expected:
        return Check(BYTES, Outcome.PASSED, f"SHA-256 {found}")
    if isinstance(record, Generation):
        return not_checked(BYTES, f"this is another file (SHA-256 {found}) than the recorded one", essential=False)
    return Check(
        BYTES,
        Outcome.FAILED,
        f"the record is about a file with SHA-256 {expected}, but this file has {found}",
        code="other-image",
    )


def _pixels(record: _Pictured, image: bytes, recompute: Recompute) -> str:
    expected = _pixel_sha256(record)
    facts = recompute.facts(image, expected)
    if facts.pixel_sha256 != expected:
        raise VerificationError(
            f"expected canonical pixels with SHA-256 {expected}, but decoding gave {facts.pixel_sha256}",
            code="other-pixels",
        )
    if not isinstance(record, Registration) and (facts.width, facts.height) != (
        record.image.width,
        record.image.height,
    ):
        raise VerificationError(
            f"expected {record.image.width}x{record.image.height} pixels, decoded {facts.width}x{facts.height}",
            code="other-pixels",
        )
    return f"{facts.width}x{facts.height} pixels with SHA-256 {expected}"


def _pixel_sha256(record: _Pictured) -> str:
    return record.pixel_sha256 if isinstance(record, Registration) else record.image.pixel_sha256


def _fingerprint(record: _Pictured, image: bytes, recompute: Recompute) -> str:
    found = recompute.fingerprint(image, _pixel_sha256(record), record.fingerprint)
    for name, distance in (("pHash", found.phash_distance), ("PDQ", found.pdq_distance)):
        if distance > HASH_TOLERANCE:
            raise VerificationError(
                f"the recomputed {name} differs in {distance} of 256 bits; rounding explains at most {HASH_TOLERANCE}",
                code="other-fingerprint",
            )
    undisclosed = [name for name, each in found.embeddings.items() if not _same_vector(name, each)]
    if undisclosed:
        raise _OpenQuestionError(
            f"the hashes agree; the vector {', '.join(undisclosed)} differs in its digest, as float results do between "
            "machines, and the recorded one is not disclosed to compare with"
        )
    return f"hashes and {len(found.embeddings)} vectors agree under spec {record.fingerprint.spec}"


def _same_vector(name: str, found: EmbeddingComparison) -> bool:
    if found.same_digest:
        return True
    if found.cosine is None:
        return False
    if found.cosine < 1 - COSINE_TOLERANCE:
        raise VerificationError(
            f"the recomputed vector {name} has cosine {found.cosine:.4f} with the recorded one, expected at least "
            f"{1 - COSINE_TOLERANCE}",
            code="other-fingerprint",
        )
    return True


def _scores(record: Verification | Generation, image: bytes, recompute: Recompute) -> str:
    found = recompute.scores(image, record)
    stated = {match.rank: float(match.score) for match in record.matches}
    disclosed = [(each.rank, each.recomputed) for each in found if each.recomputed is not None]
    for rank, score in disclosed:
        if rank not in stated or abs(score - stated[rank]) > SCORE_TOLERANCE:
            raise VerificationError(
                f"match {rank}: recomputed score {score:.4f}, recorded {stated.get(rank)}", code="other-score"
            )
    _require_style(record, found)
    if not stated:
        return "the record has no matches to score"
    if not disclosed:
        raise _OpenQuestionError("the embedding of no matched work is disclosed")
    return f"{len(disclosed)} of {len(stated)} scores recomputed, the other works' embeddings are not disclosed"


def _require_style(record: Verification | Generation, found: Sequence[ScoreComparison]) -> None:
    """Compares matches that are about style, if their works' embeddings are disclosed."""
    stated = {match.rank: float(match.raw[STYLE_SCORE]) for match in record.matches if STYLE_SCORE in match.raw}
    for each in found:
        if each.style is None:
            continue
        if each.rank not in stated or abs(each.style - stated[each.rank]) > STYLE_TOLERANCE:
            raise VerificationError(
                f"match {each.rank}: recomputed nearness in style {each.style:.4f}, recorded {stated.get(each.rank)}",
                code="other-score",
            )
