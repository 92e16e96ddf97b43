"""Verify a picture: decode, fingerprint, match, and put the answer on the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from ledger.answers.notes import notes_on_view
from ledger.answers.records import RecordAnswer
from ledger.cancellation import require_not_cancelled
from ledger.fingerprint.complexity import comparable
from ledger.fingerprint.fingerprint import QueryFingerprint
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.query_pictures import QueryView, negative_of, other_picture
from ledger.flows.pictures.artist_references import ArtistReferences
from ledger.flows.pictures.credentials import Credentials
from ledger.flows.pictures.headlines import Headlines
from ledger.flows.pictures.measurements import verification_predicate
from ledger.flows.records.record_answers import showing
from ledger.flows.records.records import Records
from ledger.flows.upkeep.calibrate import Calibrations, PublishedCalibration
from ledger.image.canonical_image import CanonicalImage, Pixels
from ledger.image.pool import DecodePool
from ledger.log.append import Sequencer
from ledger.log.entry import Entry
from ledger.match.artists.reference import Likeness
from ledger.match.candidate import CandidateIndex, MatchOutcome, Query
from ledger.match.lists import MATCHES, Verdict
from ledger.record import predicates as record
from ledger.record.repeats import recorded_key, verification_key
from ledger.record.statement import statement_payload

MAX_WAIT = 60.0
"""Seconds to wait until one record is committed."""


@dataclass(frozen=True, slots=True)
class ExaminedPicture:
    """A picture as it was compared, and what a record would say about it."""

    image: CanonicalImage
    query: Query
    outcome: MatchOutcome
    predicate: record.Verification
    likeness: Likeness
    """What the classifiers say; the record holds only which artists are named."""


@dataclass(frozen=True, slots=True)
class Verifying:
    """For the same bytes, corpus, spec and calibration, the answer is the record that exists already."""

    images: DecodePool
    fingerprinter: Callable[[], Fingerprinter]
    """Called only for a picture that was decoded and has no record yet, because it loads models."""
    index: CandidateIndex
    references: ArtistReferences
    calibrations: Calibrations
    sequencer: Sequencer
    records: Records
    credentials: Credentials
    headlines: Headlines

    def verify(self, data: bytes, *, top_k: int = MATCHES) -> RecordAnswer:
        """The record of a picture; its report shows the `top_k` nearest works.

        Raises InputError for bytes that are not a usable picture, PushbackError when nothing can be appended now.
        """
        return self.verify_decoded(data, self.images.decode(data), top_k=top_k)

    def verify_decoded(self, data: bytes, image: CanonicalImage, *, top_k: int = MATCHES) -> RecordAnswer:
        """`verify` of a file that was decoded to `image`."""
        entry, repeated = self._recorded(image)
        whole = self.records.answer(entry, repeated=repeated)
        answer = _of_file(showing(whole, top_k), image).model_copy(
            update={"headline": self.headlines.of_record(entry, whole)}
        )
        found = self.credentials.find(data, image.media_type)
        if found is None:
            return answer
        predicate = entry.statement.predicate
        assert isinstance(predicate, record.Verification)  # noqa: S101 - the dedup key is of this kind alone
        return answer.model_copy(update={"credentials": self.credentials.report(found, predicate)})

    def _recorded(self, image: CanonicalImage) -> tuple[Entry, bool]:
        """The record of a picture, and whether it was on the log already."""
        calibrated = self.calibrations.current()
        known = self._known(image, calibrated)
        if known is not None:
            return known, True
        examined = self.compare(image, calibrated)
        predicate = examined.predicate
        require_not_cancelled()
        appended = self.sequencer.submit(
            predicate.record_id,
            statement_payload("image", image.sha256, predicate),
            recorded_key(predicate),
            self.records.likenesses.writer(predicate.record_id, examined.likeness),
        ).result(MAX_WAIT)
        return appended.entry, appended.repeated

    def _known(self, image: CanonicalImage, calibrated: PublishedCalibration) -> Entry | None:
        """The record of this question, if there is one. No classifier speaks of a picture that cannot be compared, so
        its record is the same under any."""
        through, classifier = self.index.state().through, self.references.serving()
        for speaker in dict.fromkeys((classifier, None)):
            entry = self.records.entries.by_dedup_key(
                verification_key(image.sha256, through, calibrated.calibration.spec, calibrated.digest, speaker)
            )
            if entry is not None and (speaker == classifier or _not_comparable(entry)):
                return entry
        return None

    def examine(self, data: bytes, *, kept: bool = False) -> ExaminedPicture:
        """What `verify` would put on the log now. Nothing is appended. Raises InputError."""
        return self.compare(self.images.decode(data), self.calibrations.current(), kept=kept)

    def compare(
        self, image: CanonicalImage, calibrated: PublishedCalibration, *, kept: bool = False
    ) -> ExaminedPicture:
        """Fingerprints and matches a decoded picture. `kept`: it will be stored, so local features are computed too."""
        require_not_cancelled()
        query = query_with_views(image, self.fingerprinter(), kept=kept)
        fingerprint = query.fingerprint
        outcome = self.calibrations.matcher(self.index, calibrated).match(query)
        likeness = self.references.of(image, query)
        predicate = verification_predicate(
            image, fingerprint.image, outcome, calibrated.ref, self.sequencer.origin, likely=likeness.artists
        )
        return ExaminedPicture(image, query, outcome, predicate, likeness)


def _not_comparable(entry: Entry) -> bool:
    predicate = entry.statement.predicate
    return isinstance(predicate, record.Verification) and predicate.verdict is Verdict.NOT_COMPARABLE


def _of_file(answer: RecordAnswer, image: CanonicalImage) -> RecordAnswer:
    """The answer with what the file has beside the picture that was compared. The record does not say it."""
    notes = notes_on_view(image.media_type, image.frames, image.frame, image.tried, over_black=image.over_black)
    if not notes:
        return answer
    report = answer.report
    if report is not None:
        report = report.model_copy(update={"notes": (*notes, *report.notes)})
    return answer.model_copy(update={"frames": image.frames if image.frames > 1 else None, "report": report})


def query_with_views(image: CanonicalImage, fingerprinter: Fingerprinter, *, kept: bool = False) -> Query:
    """A picture with the other pictures that it may be an altered form of."""
    query = query_of(image, fingerprinter.query(image, kept=kept))
    if query.not_comparable is not None:
        return query

    def other(view: QueryView, pixels: Pixels) -> Query:
        [fingerprint] = fingerprinter.other_queries([pixels])
        return replace(query, fingerprint=fingerprint, working=pixels, view=view)

    beside = other_picture(image.working)
    if beside is not None and beside[0] == "negative":
        return replace(query, others=(other(*beside),))
    return replace(
        query,
        others=() if beside is None else (other(*beside),),
        negative=partial(other, "negative", negative_of(image.working)),
    )


def query_of(image: CanonicalImage, fingerprint: QueryFingerprint) -> Query:
    """A picture in the form that matching takes."""
    return Query(
        sha256=image.sha256,
        pixel_sha256=image.pixel_sha256,
        fingerprint=fingerprint,
        working=image.working,
        not_comparable=comparable(image, fingerprint.image.complexity),
    )
