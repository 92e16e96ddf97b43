"""Pictures that other people's generators made, as their operators report them: a claim that proves no provenance."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ledger import canonical
from ledger.answers.generations import GeneratedImage
from ledger.errors import InputError
from ledger.flows.pictures.hand_out import StorePicture
from ledger.flows.pictures.measurements import generation_predicate
from ledger.flows.pictures.verify import MAX_WAIT, Verifying
from ledger.flows.records.models import Models
from ledger.log.entry import together
from ledger.record.predicates.pictures import UNKNOWN
from ledger.record.statement import statement_payload

_SHA256 = re.compile("[0-9a-f]{64}")
REPORTED = (
    "Reported: whoever sent this picture in says that the named model made it. Nothing here proves that, and nothing "
    "was decided about it."
)


@dataclass(frozen=True, slots=True)
class Operator:
    """Who reports. `account_id` is the generator's account."""

    account_id: str


@dataclass(frozen=True, slots=True)
class ReportedModel:
    """A model that is known only from what its operator says (`ledger.flows.records.models.Registrable`)."""

    weights_sha256: str
    operator: Operator

    @property
    def format(self) -> str:
        return "reported"

    @property
    def spec(self) -> bytes:
        """RFC 8785 bytes that name the operator whose word it is."""
        return canonical.dumps(
            {
                "format": self.format,
                "operator_id": self.operator.account_id,
                "weights_sha256": self.weights_sha256,
            }
        )

    @property
    def spec_sha256(self) -> str:
        return hashlib.sha256(self.spec).hexdigest()

    @property
    def manifest(self) -> Path | None:
        return None


@dataclass(frozen=True, slots=True)
class Reports:
    """Makes `generation` records of origin `reported`."""

    verification: Verifying
    models: Models
    remember: StorePicture

    def report(self, data: bytes, weights_sha256: str, operator: Operator) -> GeneratedImage:
        """The record of an uploaded picture. Reporting the same again returns the existing record.

        `weights_sha256`: the operator's statement of which model it is, the digest over the sorted digests of its
        files. Raises InputError (`bad-weights-digest`, and for bytes that are not a usable picture), PushbackError.
        """
        if not _SHA256.fullmatch(weights_sha256):
            raise InputError(
                "the digest of the model's weights is not a SHA-256",
                code="bad-weights-digest",
                hint="64 lowercase hexadecimal digits: sha256sum FILES | cut -c1-64 | LC_ALL=C sort | sha256sum",
            )
        verification = self.verification
        model = self.models.register(ReportedModel(weights_sha256, operator))
        examined = verification.examine(data, kept=True)
        predicate = generation_predicate(
            examined.predicate,
            guard="allow",
            model=model.in_record,
            origin_of_image="reported",
            policy=None,
            prompt=UNKNOWN,
            refs=(model.ref,),
            sampler=UNKNOWN,
            seed=UNKNOWN,
            settings={},
        )
        question = (
            "artledger/reported/v1",
            examined.image.sha256,
            model.ref.record_id,
            str(predicate.corpus.through),
            predicate.fingerprint.spec,
            predicate.calibration,
        )
        appended = verification.sequencer.submit(
            predicate.record_id,
            statement_payload("image", predicate.image.pixel_sha256, predicate),
            hashlib.sha256("\n".join(question).encode()).digest(),
            together(
                self.remember(predicate.record_id, examined.query.fingerprint.image, examined.image.working),
                verification.records.likenesses.writer(predicate.record_id, examined.likeness),
            ),
        ).result(MAX_WAIT)
        return GeneratedImage(
            **dict(verification.records.answer(appended.entry, repeated=appended.repeated)),
            guard="allow",
            reasons=(REPORTED,),
            media_type=examined.image.media_type,
        )
