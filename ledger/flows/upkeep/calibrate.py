"""The error rates in force: measured with the shipped null set on the present corpus, and published as a record."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import Lock

from ledger.answers.corpus import CalibrationSummary
from ledger.answers.outgrown import GROWTH, is_outdated
from ledger.cores import cores
from ledger.corpus.work import CorpusState
from ledger.errors import ConflictError, PushbackError
from ledger.fingerprint.spec import FingerprintSpec
from ledger.flows.progress import Progress, silent
from ledger.flows.upkeep.passes import Passes
from ledger.flows.upkeep.self_null import SelfNulls
from ledger.log.append import Sequencer
from ledger.match.bins import Bin
from ledger.match.calibration import LEAST_WORKS, Calibration, calibrate
from ledger.match.candidate import CandidateIndex
from ledger.match.copies.matcher import Matcher
from ledger.match.null_set import shipped_null_set
from ledger.match.ranking import shipped_ranking
from ledger.match.style.calibration import StyledCorpus
from ledger.match.style.null import StyleNull
from ledger.record.ids import new_id
from ledger.record.parts import BinThresholds, CorpusPoint, Ref
from ledger.record.predicates import CalibrationRecord
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from ledger.record.values import decimal_text
from ledger.storage.search.calibrations import CalibrationStore, StoredCalibration
from ledger.storage.works.corpus import CorpusStore

MAX_WAIT = 120.0
"""Seconds to wait for another process's calibration."""
POLL = 0.2
ALPHAS = (0.05, 0.01, 0.001)
"""Error rates whose thresholds the record states."""


@dataclass(frozen=True, slots=True)
class PublishedCalibration:
    """A calibration and the record that published it."""

    calibration: Calibration
    ref: Ref

    @property
    def digest(self) -> str:
        return self.calibration.digest


@dataclass(slots=True)
class Calibrations:
    """The newest calibration of the spec that fits this version. Threads may share it.

    Only one process calibrates at a time. Meanwhile the others use the calibration in force: a record names the
    calibration that it used, and its report says how much the corpus has grown since.
    """

    corpus: CorpusStore
    files: CalibrationStore
    sequencer: Sequencer
    spec: FingerprintSpec
    alone: Callable[[], AbstractContextManager[bool]]
    """Yields whether no other process calibrates now."""
    style: StyleNull | None = None
    """Unrelated pictures that style is compared with. None: style is not compared."""
    deferred: bool = False
    """Whether a background thread renews outdated calibrations (background.py), so that no caller waits for one."""
    self_nulls: SelfNulls | None = None
    """Null scores of the corpus' own works. None: the shipped unrelated pictures are always used."""
    least_works: int = LEAST_WORKS
    """From how many works on background levels come from the corpus."""
    _kept: PublishedCalibration | None = None
    _making: Lock = field(default_factory=Lock)

    def current(self) -> PublishedCalibration:
        """The calibration in force. Makes one where there is none, or where the corpus has changed by a tenth since and
        no background thread renews it. One that the corpus' own works gave is not renewed here, because aligning new
        works takes minutes: answers say that it is outgrown.

        Raises ConflictError where null set, ranking and corpus have different specs (`spec-mismatch`), or the corpus
        has no fingerprints under this spec yet (`corpus-not-refreshed`); PushbackError (`calibrating`).
        """
        state = self.corpus.state()
        if self._kept is None:
            self._require_fingerprints(state)
        found = self.in_force()
        if found is not None and found.calibration.self_null is not None:
            return found
        if found is None or (not self.deferred and is_outdated(found.calibration.corpus, state)):
            return self._make(lambda known: not is_outdated(known.calibration.corpus, state), silent, most_pairs=0)
        return found

    def in_force(self) -> PublishedCalibration | None:
        """The newest calibration on the log, however the corpus has changed; None where none fits this version."""
        digest = self.files.newest_digest(self.spec.digest)
        kept = self._kept
        if digest is None or (kept is not None and kept.digest == digest):
            return kept
        stored = self.files.by_digest(digest)
        found = None if stored is None else self._published(stored)
        if found is not None:
            self._kept = found
        return found

    def keep_up(self, progress: Progress = silent) -> PublishedCalibration | None:
        """Makes a calibration where works are registered and the one in force is outdated or missing, unless another
        process is doing so. Raises as `current` does.
        """
        state = self.corpus.state()
        found = self.in_force()
        if not state.works or (found is not None and not is_outdated(found.calibration.corpus, state)):
            return found
        self._require_fingerprints(state)
        if found is not None and found.calibration.self_null is not None and self.self_nulls is not None:
            self.self_nulls.make_queries(progress)
        return self._make(lambda known: not is_outdated(known.calibration.corpus, state), progress)

    def matcher(self, index: CandidateIndex, calibrated: PublishedCalibration) -> Matcher:
        """A matcher that uses this calibration."""
        return Matcher(index, calibrated.calibration, shipped_null_set(), self.style)

    def recalibrate(self, progress: Progress = silent, *, from_corpus: bool = False) -> CalibrationSummary:
        """Makes a calibration for the present corpus, however little it has changed.

        `from_corpus`: also makes and aligns what is missing to measure error rates with the corpus' own works, where it
        has enough; that takes minutes the first time, and can be interrupted and repeated.

        Raises as `current` does, and ConflictError (`corpus-empty`) without works.
        """
        state = self.corpus.state()
        if not state.works:
            raise ConflictError(
                "no work is registered, so error rates cannot be measured",
                code="corpus-empty",
                hint="Register works first: artledger corpus ingest SOURCE",
            )
        self._require_fingerprints(state)
        before = self.in_force()
        thorough = from_corpus and self.self_nulls is not None and self.self_nulls.large_enough(state)
        if thorough and self.self_nulls is not None:
            self.self_nulls.make_queries(progress)

        def good_enough(known: PublishedCalibration) -> bool:
            return known.calibration.corpus == state and (not thorough or known.calibration.self_null is not None)

        published = self._make(good_enough, progress, patient=True, most_pairs=None if thorough else 0, threads=cores())
        return CalibrationSummary(
            digest=published.digest,
            record_id=published.ref.record_id,
            works=published.calibration.corpus.works,
            bins={each.name: each.n for each in _all_bins(published.calibration)},
            made=before is None or before.digest != published.digest,
            unrelated="shipped" if published.calibration.self_null is None else "corpus",
        )

    def _make(
        self,
        good_enough: Callable[[PublishedCalibration], bool],
        progress: Progress,
        *,
        patient: bool = False,
        most_pairs: int | None = None,
        threads: int = 1,
    ) -> PublishedCalibration:
        """Makes one calibration for all threads that ask at once. While another process makes one, returns the one in
        force, unless `patient`; where none is in force, waits. Raises PushbackError (`calibrating`).
        """
        with self._making:
            deadline = time.monotonic() + MAX_WAIT
            while True:
                with self.alone() as alone:
                    found = self.in_force()
                    if found is not None and good_enough(found):
                        return found
                    if alone:
                        self._kept = self._publish(self._measured(progress, most_pairs, threads))
                        return self._kept
                if found is not None and not patient:
                    return found
                if time.monotonic() > deadline:
                    raise PushbackError(
                        "another process has been measuring the error rates for a long time",
                        code="calibrating",
                        hint="Try again when it has finished. Nothing was recorded.",
                        retry_after=10,
                    )
                time.sleep(POLL)

    def _require_fingerprints(self, state: CorpusState) -> None:
        """Works that an earlier version fingerprinted cannot be compared: an answer would call them unrelated."""
        lacking = len(self.corpus.works_lacking(self.spec.digest))
        if lacking > GROWTH * state.works:
            raise ConflictError(
                f"{lacking:,} of {state.works:,} registered works have no fingerprint of this version",
                code="corpus-not-refreshed",
                hint="Run: artledger corpus refresh --spec default",
            )

    def _measured(self, progress: Progress, most_pairs: int | None, threads: int) -> Calibration:
        """The calibration for the present corpus."""
        state, ranking = self.corpus.state(), shipped_ranking()
        self_null = (
            None
            if self.self_nulls is None
            else self.self_nulls.measure(state, ranking, progress, most_pairs=most_pairs, threads=threads)
        )
        return calibrate(
            shipped_null_set(),
            Passes("calibrating", self.corpus.iter_blocks, state.works, progress),
            state,
            ranking,
            spec=self.spec,
            style=None if self.style is None else StyledCorpus(self.style, self.corpus.iter_style_blocks()),
            least_works=self.least_works,
            self_null=self_null,
        )

    def recomputed(self, digest: str) -> float | None:
        """For an audit: how much the null scores of a published calibration differ at most from those that are measured
        now. None where it is not here, or the corpus has changed since.
        """
        stored = self.files.by_digest(digest)
        if stored is None or stored.corpus != self.corpus.state():
            return None
        then = Calibration.read(stored.document)
        now = self._measured(silent, 0 if then.self_null is None else None, cores())
        same = (then.self_null, [each.n for each in then.bins]) == (now.self_null, [each.n for each in now.bins])
        if not same:
            return math.inf
        return max(float(abs(a.null - b.null).max()) for a, b in zip(then.bins, now.bins, strict=True))

    def _publish(self, calibration: Calibration) -> PublishedCalibration:
        predicate = CalibrationRecord(
            bins=tuple(
                BinThresholds(
                    bin=each.name,
                    n=each.n,
                    thresholds={
                        f"{alpha}": decimal_text(threshold, 6)
                        for alpha in ALPHAS
                        if (threshold := each.threshold(alpha)) is not None
                    },
                )
                for each in _all_bins(calibration)
            ),
            corpus=CorpusPoint(through=calibration.corpus.through, works=calibration.corpus.works),
            generated_at=now_text(),
            origin=self.sequencer.origin,
            record_id=new_id(),
            spec=self.spec.digest,
        )
        payload = statement_payload("calibration", calibration.digest, predicate)
        dedup_key = hashlib.sha256(f"artledger/calibration/v1\n{calibration.digest}\n".encode()).digest()
        appended = self.sequencer.submit(
            predicate.record_id, payload, dedup_key, self.files.writer(calibration.digest, calibration.document)
        ).result()
        return PublishedCalibration(calibration, appended.entry.ref)

    def _published(self, stored: StoredCalibration) -> PublishedCalibration | None:
        """None where an earlier version of files, or another null set or ranking, was written than by this version:
        matching would refuse it, or use levels of another kind."""
        calibration = Calibration.read(stored.document)
        fits = (
            calibration.latest
            and calibration.null_set == shipped_null_set().digest
            and calibration.ranking == shipped_ranking().ranking()
            and (calibration.style and calibration.style.null_set) == (self.style and self.style.digest)
        )
        return (
            PublishedCalibration(calibration, Ref(leaf_hash=stored.leaf_hash, record_id=stored.record_id))
            if fits
            else None
        )


def _all_bins(calibration: Calibration) -> tuple[Bin, ...]:
    return (*calibration.bins, *(calibration.style.bins if calibration.style else ()))
