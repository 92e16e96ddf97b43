"""Computes error rates from a null set and the current corpus: conformal p-values per bin, calibrated probabilities.

Conformal p-values (Vovk, Gammerman and Shafer 2005): if the query is an unrelated picture like those of the null set,
P(p <= alpha) <= alpha, whatever the distribution of scores is. The null score of an unrelated picture is its best score
against the whole corpus, so the size of the corpus is accounted for.

The fingerprints of the null set are compared with this very corpus. No pixels are shipped, so the geometric evidence is
drawn from other pairs of unrelated pictures that are as near by fingerprint. That part is a model; `artledger evaluate
calibration` measures how well it holds.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ledger.corpus.work import CorpusState
from ledger.errors import ConflictError
from ledger.fingerprint.spec import FingerprintSpec
from ledger.match.bins import LOWEST, Bin, bin_of, bin_texts, one_bin
from ledger.match.block import FingerprintBlock
from ledger.match.calibration_file import (
    BackgroundText,
    CalibrationText,
    CorpusText,
    PlainCalibrationText,
    SelfNullText,
    read_calibration,
)
from ledger.match.geometry.verification import GeometryRule
from ledger.match.null_set import NullSet, draw_pairs
from ledger.match.probability import fit_odds
from ledger.match.ranking import CurveText, RankingText
from ledger.match.score import (
    FIRST_RANK,
    LAST_RANK,
    MOST_LEVEL,
    Curve,
    Levels,
    NearestCosines,
    Ranking,
    features,
    levels,
)
from ledger.match.self_null.edits import VERSION
from ledger.match.self_null.null_scores import SelfNull
from ledger.match.style.calibration import StyleCalibration, StyledCorpus, read_style, style_text

VERIFIED = 10
"""Number of nearest candidates verified geometrically, the same for a query and for a null picture."""
DRAWS = 5
"""Draws of a null picture's geometric evidence from measured pairs of unrelated pictures."""
LEAST_WORKS = 150
"""In a corpus of fewer works, background levels come from the null set's background pictures, not from the corpus:
nothing smaller was measured, and in it the works at ranks 4 to 15 are hardly near."""
_TILT = 0.01
"""Log-odds per unit of score, added to the fitted curve so that nearer ranks higher even where it is flat."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns a query's features into a record's probabilities and p-values. `calibrate` makes it."""

    document: bytes
    """The file: canonical JSON."""
    spec: str
    corpus: CorpusState
    null_set: str
    """Digest of the null set's file."""
    alpha: float
    ranking: Ranking
    geometry: GeometryRule
    bins: tuple[Bin, ...]
    odds: Curve
    """Log-odds of a copy over scores."""
    latest: bool = True
    """Whether the file is of the version that is written now; earlier ones are read for records that name them."""
    corpus_levels: bool = False
    """Whether background levels come from the corpus (`score.NearestCosines`); otherwise from background pictures."""
    self_null: SelfNullText | None = None
    """The corpus' own works that its error rates come from; None: they come from the null set."""
    style: StyleCalibration | None = None

    @property
    def digest(self) -> str:
        """Lowercase hex SHA-256 of the file."""
        return hashlib.sha256(self.document).hexdigest()

    @classmethod
    def read(cls, document: bytes) -> Calibration:
        """Reads a calibration file. Raises IntegrityError (`bad-calibration`) if it is none in canonical form."""
        text = read_calibration(document)
        whole = None if isinstance(text, PlainCalibrationText) else text
        return cls(
            document=document,
            spec=text.ranking.spec if whole is None else whole.spec,
            corpus=CorpusState(through=text.corpus.through, works=text.corpus.works),
            null_set=text.null_set,
            alpha=float(text.ranking.alpha),
            ranking=text.ranking.ranking(),
            geometry=text.ranking.geometry.rule(),
            bins=tuple(
                Bin(item.name, float(item.below), np.array(item.null, np.float64), text.draws) for item in text.bins
            ),
            odds=text.odds.curve(),
            self_null=text.self_null if isinstance(text, CalibrationText) else None,
            latest=isinstance(text, CalibrationText),
            corpus_levels=isinstance(text, CalibrationText) and text.background is not None,
            style=None if whole is None or whole.style is None else read_style(whole.style),
        )

    def bin_of(self, complexity: float) -> Bin:
        return bin_of(self.bins, complexity)

    def probability(self, score: float) -> float:
        """Probability of a copy for a score of fingerprints and geometry; strictly increasing.

        Beyond the last knot it keeps growing, more and more slowly, so even sure matches differ in six digits.
        """
        odds = float(np.interp(score, self.odds.knots, self.odds.values))
        beyond = max(0.0, score - self.odds.knots[-1]) - max(0.0, self.odds.knots[0] - score)
        odds += math.copysign(math.log1p(abs(beyond)), beyond) + _TILT * score
        return 1 / (1 + math.exp(-odds))


def calibrate(
    null_set: NullSet,
    blocks: Iterable[FingerprintBlock],
    corpus: CorpusState,
    ranking: RankingText,
    *,
    spec: FingerprintSpec | None = None,
    style: StyledCorpus | None = None,
    least_works: int = LEAST_WORKS,
    self_null: SelfNull | None = None,
) -> Calibration:
    """The calibration for a corpus in the given state, whose fingerprints `blocks` yields in any order and size. It is
    iterated twice: first for the background levels, then for the scores.

    `spec`: that of the fingerprints (None: the null set's). `style`: None if style is not compared. `least_works`: from
    how many works on background levels come from the corpus. `self_null`: null scores of the corpus' own works, which
    replace those of the null set. Null pictures are left out if the corpus contains them or
    a variant (`NullSet.contained_in`). Raises ConflictError: `spec-mismatch` if null set, ranking and corpus do not
    have one FingerprintSpec, `no-strangers` if no null picture is left.
    """
    if null_set.spec != ranking.spec:
        raise _mismatch(null_set.spec, ranking.spec)
    if spec is not None and spec.copy_part != null_set.spec:
        raise _mismatch(null_set.spec, spec.copy_part)
    full = null_set.spec if spec is None else spec.digest
    fused = ranking.ranking()
    level, from_corpus = background_levels(null_set, _of_spec(blocks, full), fused.neighbours, least_works)
    raw, contained = _nearest(null_set, level, _of_spec(blocks, full), fused)
    if contained.all():
        raise ConflictError("the corpus contains every picture of the null set", code="no-strangers")
    complexity = null_set.complexity[~contained]
    scores = _null_scores(null_set, raw[~contained], ranking)
    pairs = null_set.copies
    aligned = with_second_verifier(pairs.evidence, pairs.learned, ranking.geometry.rule())
    copies = fused.raw(pairs.found)[:, 0].astype(np.float64) + aligned
    null = [scores.ravel()] if self_null is None else [scores.ravel(), self_null.scores]
    text = CalibrationText(
        type="artledger/calibration",
        version=4,
        spec=full,
        style=None if style is None or spec is None else style_text(null_set, contained, style, spec, ranking),
        background=BackgroundText(first=FIRST_RANK, last=LAST_RANK, most=MOST_LEVEL) if from_corpus else None,
        corpus=CorpusText(through=corpus.through, works=corpus.works),
        null_set=null_set.digest,
        self_null=None if self_null is None else _self_null_text(self_null),
        left_out=int(contained.sum()) if self_null is None else self_null.left_out,
        draws=DRAWS if self_null is None else 1,
        ranking=ranking,
        bins=bin_texts(ranking, complexity, scores) if self_null is None else one_bin(ranking, self_null.scores),
        odds=CurveText.of(fit_odds(copies, null, float(ranking.prior))),
    )
    return Calibration.read(text.to_bytes())


def _self_null_text(self_null: SelfNull) -> SelfNullText:
    rule = self_null.rule
    return SelfNullText(edits=VERSION, most=rule.most, per_artist=rule.per_artist, works=self_null.digest)


def background_levels(
    null_set: NullSet, blocks: Iterable[FingerprintBlock], neighbours: int, least_works: int = LEAST_WORKS
) -> tuple[Levels, bool]:
    """The background levels of the null pictures, and whether they come from the corpus."""
    near, works = NearestCosines(null_set.queries), 0
    for block in blocks:
        near.add(block.copy)
        works += block.works
    if works >= max(least_works, LAST_RANK):
        return near.levels(), True
    return _null_levels(null_set, neighbours), False


def _nearest(
    null_set: NullSet, level: Levels, blocks: Iterable[FingerprintBlock], ranking: Ranking
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The VERIFIED best raw scores of each null picture, shape (n, VERIFIED), and whether the corpus contains it."""
    best = np.full((len(null_set), VERIFIED), LOWEST)
    contained = np.zeros(len(null_set), np.bool_)
    for block in blocks:
        rows = ranking.raw(features(null_set.queries, level, block)).astype(np.float64)
        raw = null_set.best_pictures(block.best_views(rows))
        both = np.concatenate([best, raw], axis=1)
        best = np.partition(both, -VERIFIED, axis=1)[:, -VERIFIED:]
        contained |= null_set.contained_in(block)
    return best, contained


@lru_cache(maxsize=1)
def _null_levels(null_set: NullSet, neighbours: int) -> Levels:
    """The background levels of the null pictures. They are the same for every corpus."""
    return levels(null_set.queries, null_set.background, neighbours)


def _of_spec(blocks: Iterable[FingerprintBlock], spec: str) -> Iterator[FingerprintBlock]:
    for block in blocks:
        if block.spec != spec:
            raise _mismatch(spec, block.spec)
        yield block


def _null_scores(null_set: NullSet, raw: NDArray[np.float64], ranking: RankingText) -> NDArray[np.float64]:
    """Returns the best score of each null picture, fingerprints and geometry together, in DRAWS draws of the geometric
    evidence: shape (n, DRAWS)."""
    pairs = null_set.unrelated
    pairs_raw = ranking.ranking().raw(pairs.found)[:, 0].astype(np.float64)
    drawn = draw_pairs(raw, pairs_raw, DRAWS)
    evidence = with_second_verifier(pairs.evidence[drawn], pairs.learned[drawn], ranking.geometry.rule())
    scores: NDArray[np.float64] = (raw[..., None] + evidence).max(axis=1)
    return np.maximum(scores, LOWEST)


def with_second_verifier(
    evidence: NDArray[np.float32], learned: NDArray[np.float32], rule: GeometryRule
) -> NDArray[np.float64]:
    """The evidence that counts, of the same shape: the second verifier's for pairs that the first does not verify."""
    return np.where(evidence <= np.float32(rule.unverified), learned, evidence).astype(np.float64)


def _mismatch(expected: str, got: str) -> ConflictError:
    return ConflictError(
        f"the corpus has fingerprints of spec {got}, but the null set has spec {expected}",
        code="spec-mismatch",
        hint="Re-fingerprint the corpus: artledger corpus refresh.",
    )
