"""The picture half of an audit. `Answers` gives set numbers: what is tested is what follows from them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from ledger.audit.checks import Audit, Outcome
from ledger.audit.picture import BYTES, FINGERPRINT, PIXELS, SCORES, audit_record
from ledger.audit.recompute import EmbeddingComparison, FingerprintComparison, Recompute, ScoreComparison
from ledger.errors import ConflictError, InputError
from ledger.record import dsse
from ledger.record.parts import FingerprintDigests, ImageFacts
from ledger.record.predicates import Generation, Predicate, Verification
from ledger.record.statement import statement_payload
from tests.audit.material import BUNDLE, ENTRIES, LOG_VKEY, Log, leaf_of
from tests.record.kinds import ALL
from tests.record.samples import GENERATION, IMAGE, SIGNER, registration, verification

PICTURE = b"the bytes of a picture"
FACTS = IMAGE.model_copy(update={"sha256": hashlib.sha256(PICTURE).hexdigest()})
SAME = FingerprintComparison(0, 0, {"copy": EmbeddingComparison(same_digest=True, cosine=None)})


@dataclass
class Answers:
    """A Recompute with fixed answers."""

    image: ImageFacts | Exception = FACTS
    comparison: FingerprintComparison | Exception = SAME
    rescored: Sequence[ScoreComparison] = field(default_factory=lambda: [ScoreComparison(1, 0.9931)])

    def facts(self, image: bytes, pixel_sha256: str) -> ImageFacts:
        if isinstance(self.image, Exception):
            raise self.image
        return self.image

    def fingerprint(self, image: bytes, pixel_sha256: str, recorded: FingerprintDigests) -> FingerprintComparison:
        if isinstance(self.comparison, Exception):
            raise self.comparison
        return self.comparison

    def scores(self, image: bytes, record: Verification | Generation) -> Sequence[ScoreComparison]:
        return self.rescored


def bundle_of(predicate: Predicate) -> bytes:
    return Log([*ENTRIES, leaf_of(predicate)]).bundle(len(ENTRIES)).to_bytes()


RECORD = bundle_of(verification().model_copy(update={"image": FACTS}))


def outcomes(audit: Audit) -> dict[str, Outcome]:
    return {check.name: check.outcome for check in audit.checks}


def audited(recompute: Recompute | None, image: bytes | None = PICTURE, bundle: bytes = RECORD) -> Audit:
    return audit_record(bundle, image, LOG_VKEY, recompute=recompute)


def test_everything_recomputed() -> None:
    audit = audited(Answers())
    assert audit.exit_code == 0
    assert {outcomes(audit)[name] for name in (BYTES, PIXELS, FINGERPRINT, SCORES)} == {Outcome.PASSED}
    assert any("1 of 10 scores" in check.detail for check in audit.checks)


def test_without_the_heavy_parts_it_says_so_and_checks_the_bytes() -> None:
    audit = audited(None)
    assert audit.exit_code == 0
    assert outcomes(audit)[BYTES] is Outcome.PASSED
    assert {outcomes(audit)[name] for name in (PIXELS, FINGERPRINT, SCORES)} == {Outcome.NOT_CHECKED}
    assert any("not installed" in check.detail for check in audit.checks)


def test_another_file_is_refuted_without_any_tool() -> None:
    audit = audited(None, PICTURE + b".")
    assert audit.exit_code == 1
    assert outcomes(audit)[BYTES] is Outcome.FAILED


@pytest.mark.parametrize(
    ("recompute", "name"),
    [
        (Answers(image=FACTS.model_copy(update={"pixel_sha256": "0" * 64})), PIXELS),
        (Answers(image=FACTS.model_copy(update={"width": 1})), PIXELS),
        (Answers(comparison=FingerprintComparison(5, 0, SAME.embeddings)), FINGERPRINT),
        (Answers(comparison=FingerprintComparison(0, 5, SAME.embeddings)), FINGERPRINT),
        (Answers(comparison=FingerprintComparison(0, 0, {"copy": EmbeddingComparison(False, 0.99)})), FINGERPRINT),
        (Answers(rescored=[ScoreComparison(1, 0.9)]), SCORES),
        (Answers(rescored=[ScoreComparison(99, 0.9)]), SCORES),
    ],
)
def test_contradictions_refute(recompute: Answers, name: str) -> None:
    audit = audited(recompute)
    assert [check.name for check in audit.checks if check.outcome is Outcome.FAILED] == [name]
    assert audit.exit_code == 1


@pytest.mark.parametrize(
    ("recompute", "name"),
    [
        (Answers(image=InputError("no decoder for AVIF here")), PIXELS),
        (Answers(comparison=ConflictError("another spec")), FINGERPRINT),
        (Answers(comparison=FingerprintComparison(0, 0, {"copy": EmbeddingComparison(False, None)})), FINGERPRINT),
        (Answers(rescored=[ScoreComparison(1, None)]), SCORES),
    ],
)
def test_what_cannot_be_done_here_refutes_nothing(recompute: Answers, name: str) -> None:
    audit = audited(recompute)
    assert [check.name for check in audit.checks if check.name == name and check.outcome is Outcome.NOT_CHECKED]
    assert audit.exit_code == 0


@pytest.mark.parametrize(
    "comparison",
    [
        FingerprintComparison(4, 4, SAME.embeddings),
        FingerprintComparison(0, 0, {"copy": EmbeddingComparison(False, 0.9995)}),
    ],
)
def test_rounding_is_tolerated(comparison: FingerprintComparison) -> None:
    assert outcomes(audited(Answers(comparison=comparison)))[FINGERPRINT] is Outcome.PASSED


def styled(nearness: str) -> bytes:
    """A record whose first match is about style."""
    record = verification().model_copy(update={"image": FACTS})
    first, *rest = record.matches
    match = first.model_copy(update={"raw": {"style": nearness}})
    return bundle_of(record.model_copy(update={"matches": (match, *rest)}))


def test_nearness_in_style_is_held_against_the_record() -> None:
    for nearness, outcome in (("1.250000", Outcome.PASSED), ("1.310000", Outcome.FAILED)):
        answers = Answers(rescored=[ScoreComparison(1, 0.9931, 1.25)])
        assert outcomes(audited(answers, bundle=styled(nearness)))[SCORES] is outcome
    undisclosed = Answers(rescored=[ScoreComparison(1, 0.9931, None)])
    assert outcomes(audited(undisclosed, bundle=styled("1.310000")))[SCORES] is Outcome.PASSED
    assert outcomes(audited(Answers(rescored=[ScoreComparison(1, 0.9931, 1.25)])))[SCORES] is Outcome.FAILED


def test_a_generation_is_about_pixels_so_another_file_needs_them() -> None:
    bundle = bundle_of(GENERATION)
    assert audited(Answers(), bundle=bundle).exit_code == 0
    assert outcomes(audited(Answers(), bundle=bundle))[BYTES] is Outcome.NOT_CHECKED
    assert audited(None, bundle=bundle).exit_code == 4
    other = Answers(image=FACTS.model_copy(update={"pixel_sha256": "0" * 64}))
    assert audited(other, bundle=bundle).exit_code == 1


def test_a_registration_is_held_against_the_works_file() -> None:
    payload = statement_payload("work", FACTS.sha256, registration())
    bundle = Log([dsse.sign(payload, [SIGNER])]).bundle(0).to_bytes()
    audit = audited(Answers(), bundle=bundle)
    assert audit.exit_code == 0
    assert SCORES not in outcomes(audit)
    assert audited(Answers(), PICTURE + b".", bundle=bundle).exit_code == 1


def test_records_without_a_picture_and_audits_without_one() -> None:
    assert (
        audited(Answers(), bundle=bundle_of(ALL[0].model_copy(update={"record_id": ALL[1].record_id}))).exit_code == 0
    )
    audit = audited(Answers(), None)
    assert audit.exit_code == 0
    assert outcomes(audit)[BYTES] is Outcome.NOT_CHECKED


def test_a_bad_bundle_is_not_saved_by_its_picture() -> None:
    assert audited(Answers(), bundle=RECORD[:-1]).exit_code == 1
    assert audited(Answers(), bundle=BUNDLE).exit_code == 1
