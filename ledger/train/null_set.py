"""Makes the shipped null set, and the measured copies that go with it, from open works and unpacked packages.

Everything follows from the seed and the pictures; sealed works are never read.
Model card: ledger/match/data/null-v1.md.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ledger.errors import InputError
from ledger.fingerprint.complexity import comparable
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.types import Fingerprint, QueryFingerprint
from ledger.image.pool import DecodePool
from ledger.image.types import CanonicalImage
from ledger.match.block import FingerprintBlock, hash_words
from ledger.match.geometry import GeometryRule
from ledger.match.null_set import SHIPPED as NULL_SET
from ledger.match.null_set import SourceHashes, write_null_set
from ledger.match.ranking import SHIPPED as RANKING
from ledger.match.ranking import BinText, CurveText, GeometryText, RankingText, decimal
from ledger.match.score import Features, QueryBlock, Ranking, background_level, features
from ledger.train.edits import edit_randomly
from ledger.train.geometry import fit_geometry, make_examples
from ledger.train.null_set_card import CARD, null_set_card
from ledger.train.pictures import OPENCLIPART, SourcePicture, collected, open_works
from ledger.train.ranking import NEIGHBOURS, Pairs, fit_ranking
from ledger.train.variants import variant_pairs, without_variants

_BATCH = 32
WORKS = 5000
"""More than there are open works that allow training."""
EXAMPLES = 450
"""Queries that the geometric rule is fitted on."""
BINS = ("flat", "simple", "detailed")
ALPHA = 0.01
"""The error rate per stranger at which a verified copy is called one."""
PRIOR = 0.5
"""Probabilities assume that half of the pictures asked about are copies of something in the corpus."""


class Role(StrEnum):
    """What a picture is used for; a subject folder of OpenClipart has one role, so that series stay together."""

    REFERENCE = "reference"
    """A work of the corpus that scores are fitted on; its edited copy is a measured copy."""
    NULL = "null"
    BACKGROUND = "background"
    HELD_OUT = "held-out"
    """For measuring afterwards; nothing is fitted on it."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A picture's fingerprint, and that of what was made of it."""

    collection: str
    key: str
    role: Role
    clean: Fingerprint
    query: QueryFingerprint
    """Of the edited picture, or of the picture itself."""
    edits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NullSetFiles:
    """What ships."""

    null_set: bytes
    """ledger/match/data/null-v1.safetensors."""
    ranking: RankingText
    """ledger/match/data/ranking-v1.json."""
    counts: Mapping[str, int]
    """Null pictures per collection."""
    edited: int
    """How many of them are edited."""
    copies: int


def make_null_set(
    assets: Path, destination: Path, pool: DecodePool, fingerprinter: Fingerprinter, *, seed: int = 1
) -> NullSetFiles:
    """Writes null set, ranking and model card into `destination`; takes a quarter of an hour on two cores.

    `assets`: see `ledger.train.pictures`. Raises NotFoundError (`assets-missing`, `openclipart-missing`).
    """
    shown: list[SourcePicture] = []
    pictures = chain(collected(assets, pool, seed=seed), open_works(pool, limit=WORKS, seed=seed))
    measured = list(measure(_showing(pictures, shown), pool, fingerprinter, seed=seed))
    fit = fit_geometry(make_examples(shown, count=min(EXAMPLES, len(shown)), seed=seed))
    made = assemble(measured, fit.rule)
    destination.mkdir(parents=True, exist_ok=True)
    (destination / NULL_SET).write_bytes(made.null_set)
    (destination / RANKING).write_bytes(made.ranking.to_bytes())
    (destination / CARD).write_text(null_set_card(made, fit))
    return made


def _showing(pictures: Iterable[SourcePicture], shown: list[SourcePicture]) -> Iterator[SourcePicture]:
    """Passes pictures on and keeps every third that is not held out, for fitting the geometric rule."""
    for index, picture in enumerate(pictures):
        if index % 3 == 0 and role_of(picture.collection, picture.key) is not Role.HELD_OUT:
            shown.append(picture)
        yield picture


def role_of(collection: str, key: str) -> Role:
    """By OpenClipart's subject folder: 35% reference, 50% null, 15% held out. By the picture, for other collections:
    15% background, 70% null, 15% held out.
    """
    openclipart = collection == OPENCLIPART
    unit = key.rpartition("/")[0] if openclipart else key.partition("#")[0]
    draw = int(hashlib.sha256(f"role/{collection}/{unit}".encode()).hexdigest()[:8], 16) / 2**32
    if draw >= 0.85:
        return Role.HELD_OUT
    if openclipart:
        return Role.REFERENCE if draw < 0.35 else Role.NULL
    return Role.BACKGROUND if draw < 0.15 else Role.NULL


def measure(
    pictures: Iterable[SourcePicture], pool: DecodePool, fingerprinter: Fingerprinter, *, seed: int
) -> Iterator[Measured]:
    """Fingerprints of every comparable picture, references edited, of the others every second one."""
    remaining = iter(pictures)
    while batch := list(islice(remaining, _BATCH)):
        changed, edits = zip(*(_edited(picture, seed) for picture in batch), strict=True)
        after = _decoded(pool, changed)
        queries = fingerprinter.queries(after)
        before = _decoded(pool, [picture.image for picture, names in zip(batch, edits, strict=True) if names])
        cleaned = zip(before, fingerprinter.works(before), strict=True)
        for picture, image, query, names in zip(batch, after, queries, edits, strict=True):
            clean, print_ = next(cleaned) if names else (image, query.image)
            if comparable(clean, print_.complexity) is None and comparable(image, query.image.complexity) is None:
                role = role_of(picture.collection, picture.key)
                yield Measured(picture.collection, picture.key, role, print_, query, names)


def assemble(measured: Sequence[Measured], rule: GeometryRule) -> NullSetFiles:
    """Removes variants, fits the ranking, and writes the null set. Raises ValueError when a role has no picture."""
    background = _of(measured, Role.BACKGROUND)
    references = _of(measured, Role.REFERENCE)
    null = _of(measured, Role.NULL)
    held = without_variants([item.clean for item in null], [item.clean for item in background])
    null = [null[index] for index in held]
    vectors = np.stack([item.clean.embeddings["copy"] for item in background])
    corpus = FingerprintBlock.stack([item.clean for item in references])
    pairs = _pairs([*references, *null], references, corpus, vectors)
    ranking = fit_ranking(pairs)
    rows = np.arange(len(references))
    near = pairs.found
    own = Features(near.cosine[rows, rows, None], near.phash[rows, rows, None], near.pdq[rows, rows, None])
    data = write_null_set(QueryBlock.stack([item.query for item in null]), _source_hashes(null), vectors, own)
    return NullSetFiles(
        null_set=data,
        ranking=_text(ranking, rule, null),
        counts=Counter(item.collection for item in null),
        edited=sum(bool(item.edits) for item in null),
        copies=len(references),
    )


def _text(ranking: Ranking, rule: GeometryRule, null: Sequence[Measured]) -> RankingText:
    """Bins: thirds of the null pictures by complexity."""
    complexity = [item.query.image.complexity for item in null]
    edges = (*np.quantile(complexity, [1 / 3, 2 / 3]).round(2).tolist(), 1.1)
    return RankingText(
        type="artledger/ranking",
        version=1,
        spec=null[0].clean.spec,
        cosine=CurveText.of(ranking.cosine),
        phash=CurveText.of(ranking.phash),
        pdq=CurveText.of(ranking.pdq),
        neighbours=ranking.neighbours,
        geometry=GeometryText.of(rule),
        bins=[BinText(name=name, below=decimal(edge)) for name, edge in zip(BINS, edges, strict=True)],
        alpha=decimal(ALPHA),
        prior=decimal(PRIOR),
    )


def _pairs(
    queries: Sequence[Measured], references: Sequence[Measured], corpus: FingerprintBlock, vectors: NDArray[np.float16]
) -> Pairs:
    block = QueryBlock.stack([item.query for item in queries])
    level = background_level(block.images.copy, vectors, NEIGHBOURS)
    column = {item.key: index for index, item in enumerate(references)}
    own = [column[item.key] if item.role is Role.REFERENCE else -1 for item in queries]
    return Pairs(
        found=features(block, level, corpus),
        own=np.array(own, np.int64),
        ignored=variant_pairs([item.clean for item in queries], [item.clean for item in references]),
    )


def _of(measured: Sequence[Measured], role: Role) -> list[Measured]:
    return [item for item in measured if item.role is role]


def _source_hashes(null: Sequence[Measured]) -> SourceHashes:
    return SourceHashes(
        phash=hash_words([item.clean.phash for item in null]),
        pdq=hash_words([item.clean.pdq for item in null]),
        pdq_quality=np.array([item.clean.pdq_quality for item in null], np.uint8),
    )


def _edited(picture: SourcePicture, seed: int) -> tuple[Image.Image, tuple[str, ...]]:
    rng = random.Random(f"{seed}/{picture.collection}/{picture.key}")  # noqa: S311 - reproducible, not secret
    role = role_of(picture.collection, picture.key)
    if role is Role.REFERENCE or rng.random() < 0.5:
        return edit_randomly(picture.image, rng)
    return picture.image, ()


def _decoded(pool: DecodePool, images: Sequence[Image.Image]) -> list[CanonicalImage]:
    """As every picture that anybody sends: through a file and the limited workers. Raises InputError."""
    decoded = []
    for _, outcome in pool.decode_all((index, _png(image)) for index, image in enumerate(images)):
        if isinstance(outcome, InputError):
            raise outcome
        decoded.append(outcome)
    return decoded


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
