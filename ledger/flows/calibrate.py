"""The error rates in force: made from the shipped null set against the present corpus, published as a record."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import Any

from ledger.corpus.types import CorpusState
from ledger.errors import ConflictError
from ledger.flows.progress import Progress, silent
from ledger.log.append import Sequencer
from ledger.match.calibration import Calibration, calibrate
from ledger.match.null_set import shipped_null_set
from ledger.match.ranking import shipped_ranking
from ledger.record.ids import new_id
from ledger.record.parts import BinThresholds, CorpusPoint, Ref
from ledger.record.predicates import CalibrationRecord
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from ledger.record.values import decimal_text
from ledger.storage.calibrations import CalibrationStore
from ledger.storage.corpus import CorpusStore

GROWTH = 0.1
"""Share by which the corpus may change in size before its calibration is made anew."""
ALPHAS = (0.05, 0.01, 0.001)
"""Error rates whose thresholds the record states."""


@dataclass(frozen=True, slots=True)
class Published:
    """A calibration and the record that published it."""

    calibration: Calibration
    ref: Ref

    @property
    def digest(self) -> str:
        return self.calibration.digest


@dataclass(frozen=True, slots=True)
class CalibrationSummary:
    digest: str
    record_id: str
    works: int
    bins: dict[str, int]
    """Strangers per bin."""
    made: bool
    """False when the one in force was for this very corpus already."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Calibrations:
    """Keeps the newest calibration of the spec in memory; safe to share between threads."""

    corpus: CorpusStore
    files: CalibrationStore
    sequencer: Sequencer
    spec: str
    _current: Published | None = None
    _lock: Lock = field(default_factory=Lock)

    def current(self) -> Published:
        """The calibration in force, made now where there is none or the corpus has changed by a tenth since.

        Raises ConflictError where null set, ranking and corpus are not of one spec (`spec-mismatch`), or the corpus is
        not fingerprinted under it yet (`corpus-not-refreshed`).
        """
        state = self.corpus.state()
        with self._lock:
            if self._current is None:
                self._require_fingerprints(state)
                self._current = self._newest()
            if self._current is None or _is_outdated(self._current.calibration.corpus, state):
                self._current = self._publish(state, silent)
            return self._current

    def recalibrate(self, progress: Progress = silent) -> CalibrationSummary:
        """Makes the calibration for the present corpus, whatever its growth. Raises as `current` does."""
        state = self.corpus.state()
        with self._lock:
            self._require_fingerprints(state)
            before = self._current or self._newest()
            made = before is None or before.calibration.corpus != state
            published = self._publish(state, progress) if before is None or made else before
            self._current = published
        return CalibrationSummary(
            digest=published.digest,
            record_id=published.ref.record_id,
            works=published.calibration.corpus.works,
            bins={each.name: each.n for each in published.calibration.bins},
            made=made,
        )

    def _require_fingerprints(self, state: CorpusState) -> None:
        """Works that an earlier version fingerprinted are not compared: an answer would call them strangers."""
        lacking = len(self.corpus.works_lacking(self.spec))
        if lacking > GROWTH * state.works:
            raise ConflictError(
                f"{lacking:,} of {state.works:,} registered works have no fingerprint of this version",
                code="corpus-not-refreshed",
                hint="run: artledger corpus refresh --spec default",
            )

    def _newest(self) -> Published | None:
        stored = self.files.newest(self.spec)
        if stored is None:
            return None
        ref = Ref(leaf_hash=stored.leaf_hash, record_id=stored.record_id)
        return Published(Calibration.read(stored.document), ref)

    def _publish(self, state: CorpusState, progress: Progress) -> Published:
        progress("calibrating", 0, state.works)
        calibration = calibrate(shipped_null_set(), self.corpus.iter_blocks(), state, shipped_ranking())
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
                for each in calibration.bins
            ),
            corpus=CorpusPoint(through=state.through, works=state.works),
            generated_at=now_text(),
            record_id=new_id(),
            spec=self.spec,
        )
        payload = statement_payload("calibration", calibration.digest, predicate)
        dedup_key = hashlib.sha256(f"artledger/calibration/v1\n{calibration.digest}\n".encode()).digest()
        appended = self.sequencer.submit(
            predicate.record_id, payload, dedup_key, self.files.writer(calibration.digest, calibration.document)
        ).result()
        progress("calibrating", state.works, state.works)
        return Published(calibration, Ref(leaf_hash=appended.entry.leaf_hash.hex(), record_id=appended.entry.record_id))


def _is_outdated(calibrated: CorpusState, now: CorpusState) -> bool:
    return abs(now.works - calibrated.works) > GROWTH * max(calibrated.works, 1)
