"""Makes the shipped null set and its measured pairs from open works and unpacked packages.

The seed and the pictures determine everything. Sealed works are never read.
Model card: ledger/match/data/null-v3.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint.learned_features import LearnedFeatures, learned_features
from ledger.image.preview import read_preview
from ledger.lab.train.geometry import ComparedPair, GeometryFit, evidence_of, fit_geometry, learned_evidence_of
from ledger.lab.train.null_set_pictures import NullSetPicture
from ledger.lab.train.pictures import OPENCLIPART
from ledger.lab.train.ranking import NEIGHBOURS, RankingPairs, fit_ranking, picked, picked_rows
from ledger.lab.train.roles import Role
from ledger.lab.train.variants import variant_pairs, without_variants
from ledger.match.block import FingerprintBlock, hash_words
from ledger.match.calibration import VERIFIED
from ledger.match.candidate import WorkPicture
from ledger.match.geometry.verification import GeometryRule, QueryGeometry
from ledger.match.null_set import MeasuredPairs, SourcePrints, write_null_set
from ledger.match.ranking import BinText, CurveText, GeometryText, RankingText, decimal
from ledger.match.score import Features, QueryBlock, Ranking, features, levels

ALIGNED = 700
"""References whose pairs are verified geometrically, with 3/2 as many null pictures."""
BINS = ("flat", "simple", "detailed")
ALPHA = 0.01
"""Error rate per unrelated picture up to which a verified match is called a copy."""
PRIOR = 0.5
"""Probabilities assume that half of the pictures asked about are copies of something in the corpus."""


@dataclass(frozen=True, slots=True)
class NullSetFiles:
    """The shipped files, and facts for the card."""

    null_set: bytes
    """ledger/match/data/null-v3.safetensors."""
    ranking: RankingText
    """ledger/match/data/ranking-v3.json."""
    geometry: GeometryFit
    counts: Mapping[str, int]
    """Null pictures per collection."""
    edited: int
    """Number of edited null pictures."""
    copies: int
    unrelated: int
    """Number of verified pairs of unrelated pictures."""


def assemble(measured: Sequence[NullSetPicture]) -> NullSetFiles:
    """Removes variants, fits the ranking and the geometric rule, and writes the null set.

    Raises ValueError if a role has no picture.
    """
    background, references, null = (_of(measured, role) for role in (Role.BACKGROUND, Role.REFERENCE, Role.NULL))
    held = without_variants([item.clean for item in null], [item.clean for item in background])
    null = [null[index] for index in held]
    vectors = np.stack([item.clean.embeddings["copy"] for item in background])
    queries = [*references, *null]
    compared = _compare(queries, references, vectors)
    pairs = _pairs(queries, references, picked_rows(compared, _starts(queries)))
    ranking = fit_ranking(pairs)
    nearest = _nearest_rows(ranking.raw(compared), _starts(queries))
    aligned = _align(queries, references, pairs, nearest.raw)
    fit = fit_geometry(aligned.copies, aligned.unrelated)
    data = write_null_set(
        QueryBlock.stack([fingerprint for item in null for fingerprint, _ in item.asked]),
        _source_prints(null),
        vectors,
        _measured(_column(compared, nearest, aligned.copy_places), aligned.copies, fit.rule),
        _measured(_column(compared, nearest, aligned.unrelated_places), aligned.unrelated, fit.rule),
        starts=_starts(null),
    )
    return NullSetFiles(
        null_set=data,
        ranking=_text(ranking, fit, null),
        geometry=fit,
        counts=Counter(item.collection for item in null),
        edited=sum(item.edited for item in null),
        copies=len(aligned.copies),
        unrelated=len(aligned.unrelated),
    )


Places = Sequence[tuple[int, int]]
"""Rows (queries) and columns (works) of pairs."""


@dataclass(frozen=True, slots=True)
class _Aligned:
    """Pairs verified geometrically: references with their own works, and queries with their nearest unrelated works."""

    copies: Sequence[ComparedPair]
    copy_places: Places
    unrelated: Sequence[ComparedPair]
    unrelated_places: Places


@dataclass(frozen=True, slots=True)
class _Nearest:
    """For each query and work the better of two comparisons: with the query, and with the picture beside it."""

    rows: NDArray[np.intp]
    """Its row among the pictures asked about, shape (queries, works)."""
    raw: NDArray[np.float32]
    """Its raw score, of the same shape."""


def _nearest_rows(raw: NDArray[np.float32], starts: NDArray[np.int64]) -> _Nearest:
    """`raw`: raw scores of all pictures asked about; `starts`: the row of each query."""
    rows = np.repeat(starts[:, None], raw.shape[1], axis=1)
    two = np.flatnonzero(np.diff([*starts, len(raw)]) == 2)
    rows[two] += raw[starts[two] + 1] > raw[starts[two]]
    return _Nearest(rows, np.take_along_axis(raw, rows, axis=0))


def _align(
    queries: Sequence[NullSetPicture],
    references: Sequence[NullSetPicture],
    pairs: RankingPairs,
    raw: NDArray[np.float32],
) -> _Aligned:
    """Aligns ALIGNED references and 3/2 as many null pictures. `queries` starts with the references."""
    nearest = raw.copy()
    nearest[pairs.ignored] = -np.inf
    null = range(len(references), min(len(queries), len(references) + ALIGNED * 3 // 2))
    rows = [*range(min(ALIGNED, len(references))), *null]
    copies: list[ComparedPair] = []
    unrelated: list[ComparedPair] = []
    copy_places: list[tuple[int, int]] = []
    unrelated_places: list[tuple[int, int]] = []

    @cache
    def learned(column: int) -> LearnedFeatures:
        return learned_features(read_preview(references[column].preview))

    def aligned(asked: Sequence[QueryGeometry], column: int) -> ComparedPair:
        work = _picture(references[column])
        return ComparedPair(
            [each for geometry in asked for each in geometry.hypotheses(work)],
            [each for geometry in asked for each in geometry.learned_hypotheses(work, learned(column))],
        )

    def examine(row: int) -> tuple[int, list[tuple[int, ComparedPair]]]:
        own = int(pairs.own[row])
        columns = [int(column) for column in np.argsort(-nearest[row])[:VERIFIED] if np.isfinite(nearest[row, column])]
        asked = [QueryGeometry(working) for _, working in queries[row].asked]
        wanted = [own, *(column for column in columns if column != own)] if own >= 0 else columns
        return own, [(column, aligned(asked, column)) for column in wanted]

    with ThreadPoolExecutor() as threads:  # OpenCV and NumPy release the interpreter
        for row, (own, found) in zip(rows, threads.map(examine, rows), strict=True):
            for column, pair in found:
                (copies if column == own else unrelated).append(pair)
                (copy_places if column == own else unrelated_places).append((row, column))
    return _Aligned(copies, copy_places, unrelated, unrelated_places)


def _picture(work: NullSetPicture) -> WorkPicture:
    return WorkPicture(read_preview(work.preview), work.clean.local)


def _column(compared: Features, nearest: _Nearest, places: Places) -> Features:
    rows, columns = np.array(places, np.intp).T
    flat = picked(compared, nearest.rows[rows, columns], columns)
    return Features(flat.cosine[:, None], flat.window[:, None], flat.phash[:, None], flat.pdq[:, None])


def _measured(found: Features, pairs: Sequence[ComparedPair], rule: GeometryRule) -> MeasuredPairs:
    first = np.array([evidence_of(pair, rule) for pair in pairs], np.float32)
    learned = np.array([learned_evidence_of(pair, rule) for pair in pairs], np.float32)
    return MeasuredPairs(found, first, learned)


def _text(ranking: Ranking, fit: GeometryFit, null: Sequence[NullSetPicture]) -> RankingText:
    """The text of the ranking; its bins are thirds of the null pictures by complexity."""
    complexity = [item.query.image.complexity for item in null]
    edges = (*np.quantile(complexity, [1 / 3, 2 / 3]).round(2).tolist(), 1.1)
    return RankingText(
        type="artledger/ranking",
        version=3,
        spec=null[0].clean.spec,
        cosine=CurveText.of(ranking.cosine),
        look=CurveText.of(ranking.window),
        phash=CurveText.of(ranking.phash),
        pdq=CurveText.of(ranking.pdq),
        neighbours=ranking.neighbours,
        geometry=GeometryText.of(fit.rule),
        bins=[BinText(name=name, below=decimal(edge)) for name, edge in zip(BINS, edges, strict=True)],
        alpha=decimal(ALPHA),
        prior=decimal(PRIOR),
    )


def _compare(
    queries: Sequence[NullSetPicture], references: Sequence[NullSetPicture], vectors: NDArray[np.float16]
) -> Features:
    """Each query, and the picture beside it, with each reference: shape (pictures asked about, references)."""
    block = QueryBlock.stack([fingerprint for item in queries for fingerprint, _ in item.asked])
    corpus = FingerprintBlock.stack([item.clean for item in references])
    return features(block, levels(block, vectors, NEIGHBOURS), corpus)


def _pairs(queries: Sequence[NullSetPicture], references: Sequence[NullSetPicture], found: Features) -> RankingPairs:
    """`found`: of the queries themselves."""
    column = {(item.collection, item.key): index for index, item in enumerate(references)}
    own = [column.get((item.collection, item.key), -1) for item in queries]
    ignored = variant_pairs([item.clean for item in queries], [item.clean for item in references])
    return RankingPairs(
        found=found,
        own=np.array(own, np.int64),
        ignored=ignored | _same_package(queries, references),
    )


def _same_package(queries: Sequence[NullSetPicture], references: Sequence[NullSetPicture]) -> NDArray[np.bool_]:
    """Pairs from one package, shape (queries, references); such pairs are neither unrelated nor copies.

    A package's team draws hundreds of pictures from the same heads, clocks and arrows. OpenClipart has many artists.
    """
    packages, others = (
        np.array(["" if each.collection == OPENCLIPART else each.collection for each in side])
        for side in (queries, references)
    )
    same: NDArray[np.bool_] = (packages[:, None] == others) & (packages[:, None] != "")
    return same


def _starts(queries: Sequence[NullSetPicture]) -> NDArray[np.int64]:
    """The row of each query among the pictures asked about."""
    return np.cumsum([0, *(len(item.asked) for item in queries[:-1])], dtype=np.int64)


def _of(measured: Sequence[NullSetPicture], role: Role) -> list[NullSetPicture]:
    return [item for item in measured if item.role is role]


def _source_prints(null: Sequence[NullSetPicture]) -> SourcePrints:
    return SourcePrints(
        copy=np.stack([item.clean.embeddings["copy"] for item in null]),
        phash=hash_words([item.clean.phash for item in null]),
        pdq=hash_words([item.clean.pdq for item in null]),
        pdq_quality=np.array([item.clean.pdq_quality for item in null], np.uint8),
    )
