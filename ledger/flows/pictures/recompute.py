"""Decodes, fingerprints and scores a picture again to audit a record (ledger.audit.recompute.Recompute)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.audit.picture import SCORE_TOLERANCE
from ledger.audit.recompute import EmbeddingComparison, FingerprintComparison, ScoreComparison
from ledger.corpus.work import CorpusState
from ledger.errors import ConflictError, NotFoundError
from ledger.fingerprint.fingerprint import Vector, embedding_sha256
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.flows.pictures.measurements import match_text
from ledger.flows.pictures.verify import query_with_views
from ledger.flows.works.subset import TheseWorks
from ledger.image.canonical_image import CanonicalImage
from ledger.image.pool import DecodePool
from ledger.match.calibration import Calibration
from ledger.match.candidate import Query
from ledger.match.copies.matcher import Matcher
from ledger.match.lists import OVER_BLACK, STYLE_SCORE
from ledger.match.null_set import shipped_null_set
from ledger.match.style.matcher import StyleMatcher
from ledger.match.style.null import StyleNull
from ledger.record.parts import FingerprintDigests, ImageFacts
from ledger.record.predicates import Generation, Verification
from ledger.storage.search.calibrations import CalibrationStore
from ledger.storage.search.candidates import PgVectorIndex


@dataclass(frozen=True, slots=True)
class LocalRecompute:
    """Uses this installation's models, and works and calibrations of the local ledger."""

    images: DecodePool
    fingerprinter: Fingerprinter
    index: Callable[[], PgVectorIndex]
    calibrations: Callable[[], CalibrationStore]
    style: StyleNull | None = None

    def facts(self, image: bytes, pixel_sha256: str) -> ImageFacts:
        """Raises InputError."""
        decoded = self._decoded(image, pixel_sha256)
        return ImageFacts(
            height=decoded.height,
            media_type=decoded.media_type,
            pixel_sha256=decoded.pixel_sha256,
            sha256=decoded.sha256,
            width=decoded.width,
        )

    def fingerprint(self, image: bytes, pixel_sha256: str, recorded: FingerprintDigests) -> FingerprintComparison:
        """Compares digests. Records do not hold the vectors, so a cosine is known only where the digests are equal.

        Raises InputError, ConflictError (`spec-mismatch`).
        """
        self._require_spec(recorded.spec)
        found = self.fingerprinter.works([self._decoded(image, pixel_sha256)])[0]
        return FingerprintComparison(
            phash_distance=_bits(found.phash, recorded.phash),
            pdq_distance=_bits(found.pdq, recorded.pdq),
            embeddings={
                name: _compare(found.embeddings.get(name), digest.sha256)
                for name, digest in recorded.embeddings.items()
            },
        )

    def scores(self, image: bytes, record: Verification | Generation) -> Sequence[ScoreComparison]:
        """Raises InputError, ConflictError (`spec-mismatch`), NotFoundError (`calibration-not-found`)."""
        self._require_spec(record.fingerprint.spec)
        stored = self.calibrations().by_digest(record.calibration)
        if stored is None:
            raise NotFoundError(f"the calibration {record.calibration} is not here", code="calibration-not-found")
        wanted = [match.work_id for match in record.matches]
        near_in_style = [match.work_id for match in record.matches if STYLE_SCORE in match.raw]
        works = TheseWorks(
            self.index(),
            wanted,
            CorpusState(record.corpus.through, record.corpus.works),
            near_in_style,
            # The views that the record names: a work may have got its second one since.
            frozenset(match.work_id for match in record.matches if OVER_BLACK in match.raw),
        )
        decoded = self._decoded(image, record.image.pixel_sha256)
        query = query_with_views(decoded, self.fingerprinter)
        calibration = Calibration.read(stored.document)
        matcher = Matcher(works, calibration, shipped_null_set())
        scores = {match.work_id: float(match_text(match).score) for match in matcher.compare(query, len(wanted) or 1)}
        if calibration.corpus_levels and self.index().works_through(record.corpus.through) != record.corpus.works:
            scores = _agreeing(scores, record)
        style = self._style(calibration, query, near_in_style)
        return [
            ScoreComparison(match.rank, scores.get(match.work_id), style.get(match.work_id)) for match in record.matches
        ]

    def _decoded(self, image: bytes, pixel_sha256: str) -> CanonicalImage:
        """The view that is compared; the canonical pixels where only these have the recorded digest."""
        view = self.images.decode(image)
        if view.pixel_sha256 == pixel_sha256 or not (view.over_black or view.frame > 1):
            return view
        canonical = self.images.decode(image, canonical=True)
        return canonical if canonical.pixel_sha256 == pixel_sha256 else view

    def _style(self, calibration: Calibration, query: Query, work_ids: Sequence[str]) -> dict[str, float]:
        """Nearness in style by work id; empty where the unrelated pictures it was measured with are not at hand."""
        style_null = self.style
        if not work_ids or calibration.style is None or style_null is None:
            return {}
        if calibration.style.null_set != style_null.digest:
            return {}
        found = self.index().candidates(work_ids)
        measured = StyleMatcher(calibration.style, style_null).measure(query, found)
        return {work_id: raw[STYLE_SCORE] for work_id, raw in measured.items()}

    def _require_spec(self, digest: str) -> None:
        if digest != self.fingerprinter.spec.digest:
            raise ConflictError(
                f"the record's spec is {digest}, this installation makes {self.fingerprinter.spec.digest}",
                code="spec-mismatch",
                hint="Use the version that made the record.",
            )


def _agreeing(scores: Mapping[str, float], record: Verification | Generation) -> dict[str, float]:
    """The scores that agree with the record. Others refute nothing: works that stood near to the picture then, and
    decided its background levels, were withdrawn since and their fingerprints deleted."""
    stated = {match.work_id: float(match.score) for match in record.matches}
    return {work: score for work, score in scores.items() if abs(score - stated[work]) <= SCORE_TOLERANCE}


def _bits(found: bytes, recorded: str) -> int:
    return (int.from_bytes(found) ^ int(recorded, 16)).bit_count()


def _compare(found: Vector | None, recorded: str) -> EmbeddingComparison:
    same = found is not None and embedding_sha256(found) == recorded
    return EmbeddingComparison(same_digest=same, cosine=1.0 if same else None)
