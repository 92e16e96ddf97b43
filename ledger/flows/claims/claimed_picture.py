"""The picture that a claim is about: decoded, compared with everything registered, and recorded on the log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from ledger.canonical import MAX_INTEGER
from ledger.claim.case import Exhibit
from ledger.flows.claims.exhibits import exhibit_of
from ledger.flows.pictures.credentials import Credentials
from ledger.flows.pictures.verify import MAX_WAIT, ExaminedPicture, Verifying
from ledger.flows.upkeep.calibrate import PublishedCalibration
from ledger.image.credentials.content import INTACT
from ledger.match.candidate import Query
from ledger.record import predicates
from ledger.record.parts import Ref
from ledger.record.statement import Statement, statement_payload

_SAME_PICTURE = frozenset({"same-file", "same-pixels", "similar"})


@dataclass(frozen=True, slots=True)
class ComparedPicture:
    """A claimed picture, compared. Nothing about it is on the log yet."""

    data: bytes
    examined: ExaminedPicture
    calibrated: PublishedCalibration


@dataclass(frozen=True, slots=True)
class ClaimedPicture:
    """A claimed picture whose `verification` is on the log."""

    exhibit: Exhibit
    """The picture's `verification`."""
    verification: predicates.Verification
    query: Query
    calibrated: PublishedCalibration
    says_generated: bool
    """Whether intact Content Credentials in the file say so."""
    named_record: str | None
    """The generation on this log that the credentials name, if its picture is this one."""


@dataclass(frozen=True, slots=True)
class ClaimedPictures:
    """Threads may share it."""

    verification: Callable[[], Verifying]
    credentials: Credentials

    def verify(self, data: bytes) -> ClaimedPicture:
        """`compare` and `record`. Raises as they do."""
        return self.record(self.compare(data))

    def compare(self, data: bytes) -> ComparedPicture:
        """Decodes and compares a claimed picture. Nothing is appended.

        Raises InputError for bytes that are not a usable picture.
        """
        flow = self.verification()
        image, calibrated = flow.images.decode(data), flow.calibrations.current()
        return ComparedPicture(data, flow.compare(image, calibrated), calibrated)

    def record(self, compared: ComparedPicture) -> ClaimedPicture:
        """Appends a `verification` for this claim. Raises PushbackError when nothing can be appended now."""
        examined, calibrated = compared.examined, compared.calibrated
        image, predicate = examined.image, examined.predicate
        # A record that somebody else requested may hold only one match.
        question = (
            "artledger/claim-verification/v1", image.sha256, str(predicate.corpus.through), calibrated.calibration.spec,
            calibrated.digest,
        )  # fmt: skip
        entry = self.verification().sequencer.submit(
            predicate.record_id,
            statement_payload("image", image.sha256, predicate),
            hashlib.sha256("\n".join(question).encode()).digest(),
        ).result(MAX_WAIT).entry  # fmt: skip
        return self._claimed(compared, exhibit_of(entry))

    def unrecorded(self, compared: ComparedPicture) -> ClaimedPicture:
        """As `record`, for a forecast: nothing is appended, and the exhibit is on no log."""
        predicate = compared.examined.predicate
        statement = Statement("image", compared.examined.image.sha256, predicate)
        ref = Ref(leaf_hash="0" * 64, record_id=predicate.record_id)
        return self._claimed(compared, Exhibit(statement, ref, MAX_INTEGER))

    def _claimed(self, compared: ComparedPicture, exhibit: Exhibit) -> ClaimedPicture:
        image, predicate = compared.examined.image, compared.examined.predicate
        assert isinstance(exhibit.statement.predicate, predicates.Verification)  # noqa: S101 - by its dedup key
        found = self.credentials.find(compared.data, image.media_type)
        report = None if found is None else self.credentials.report(found, predicate)
        intact = report is not None and report.state in INTACT and not report.from_ingredient
        source = "" if report is None else report.digital_source_type or ""
        named = None if report is None else report.record
        return ClaimedPicture(
            exhibit=exhibit,
            verification=exhibit.statement.predicate,
            query=compared.examined.query,
            calibrated=compared.calibrated,
            says_generated=intact and source.rpartition("/")[2].lower().endswith("trainedalgorithmicmedia"),
            named_record=named.record_id if named is not None and named.picture in _SAME_PICTURE else None,
        )
