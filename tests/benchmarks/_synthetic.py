"""Made-up corpora of any size for searching: clustered unit vectors, hashes that follow them, works that name them.

Most works stand in clusters, as drawings of one subject and series of one hand do; the spectrum of the vectors decays
slowly, as a whitened descriptor's does. Everything follows from the seed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from ledger.fingerprint.fingerprint import Fingerprint, QueryFingerprint
from ledger.match.candidate import Query
from ledger.storage.bulk import copy_rows
from ledger.storage.database import Database
from ledger.storage.log.projection_rows import WORK_COLUMNS
from ledger.storage.search.specs import Spec, ensure_spec
from ledger.storage.search.vectors import copy_fingerprints
from ledger.storage.tables import corpus as corpus_tables
from ledger.storage.tables import people, projections

SEED = 5
CLUSTER = 20
"""Works of a cluster on average."""
WINDOWS = 9
VIEWS = 8
RARE = 100
"""One work in so many is by the artist `rare`."""
CHUNK = 10_000
DETAIL_COLUMNS = ("work_id", "artist_id", "source_name", "source_key", "title", "source", "labels")
"""The others are left at their defaults."""
Floats = NDArray[np.float32]
Halves = NDArray[np.float16]


@dataclass(frozen=True)
class Synthetic:
    """A corpus: row i is the work `work_id(i)`."""

    spec: str
    copies: Halves
    """Shape (works, dimension), rows L2-normalised."""
    phash: NDArray[np.uint8]
    """Shape (works, 32)."""
    pdq: NDArray[np.uint8]
    hashing: Floats
    """Shape (dimension, 512): the projections whose signs are the bits of both hashes."""

    @classmethod
    def make(cls, works: int, dimension: int, spec: str) -> Synthetic:
        random = np.random.default_rng(SEED)
        spectrum = (np.arange(1, dimension + 1, dtype=np.float32) ** -0.25).astype(np.float32)
        centres = random.standard_normal((max(works // CLUSTER, 1), dimension), np.float32) * spectrum
        member = (random.random(works) ** 2 * len(centres)).astype(np.int64)  # some clusters are much larger
        spread = random.uniform(0.4, 1.6, (works, 1)).astype(np.float32)
        hashing = random.standard_normal((dimension, 512), np.float32)
        copies = np.empty((works, dimension), np.float16)
        hashes = np.empty((works, 64), np.uint8)
        for start in range(0, works, CHUNK):
            rows = slice(start, start + CHUNK)
            noise = random.standard_normal((len(member[rows]), dimension), np.float32) * spectrum
            copies[rows] = _unit(centres[member[rows]] + spread[rows] * noise)
            hashes[rows] = _hashes(copies[rows], hashing, random)
        return cls(spec, copies, hashes[:, :32].copy(), hashes[:, 32:].copy(), hashing)

    def __len__(self) -> int:
        return len(self.copies)

    @cached_property
    def single(self) -> Floats:
        """`copies` in single precision."""
        return self.copies.astype(np.float32)

    def work_id(self, row: int) -> str:
        return str(uuid.UUID(int=row + 1))

    def row(self, work_id: str) -> int:
        return uuid.UUID(work_id).int - 1

    def artist_id(self, row: int) -> str:
        return str(uuid.UUID(int=1 if row % RARE == 0 else 2 + row % 7))

    def fingerprint(self, row: int) -> Fingerprint:
        hashes = self.phash[row].tobytes(), self.pdq[row].tobytes()
        return Fingerprint(self.spec, *hashes, 90, {"copy": self.copies[row]}, 0.5, b"")

    def queries(self, count: int) -> Iterator[Query]:
        """Edited copies: the whole is near a work by vector and hashes, one window is nearer to another work; the
        other windows and views are of the same kind of pictures, and near nothing in particular."""
        random = np.random.default_rng(SEED + 1)
        for _ in range(count):
            whole, pasted, *others = random.choice(len(self), 2 + WINDOWS - 1, replace=False)
            windows = self._edited(np.array([pasted, *others]), np.array([0.5] + [1.5] * (WINDOWS - 1)), random)
            image = self._edited(np.array([whole]), np.array([0.8]), random)
            seen = np.concatenate([image, self._edited(np.array(others[: VIEWS - 1]), np.full(VIEWS - 1, 1.5), random)])
            views = _hashes(seen, self.hashing, random)
            phash = tuple(row[:32].tobytes() for row in views)
            pdq = tuple(row[32:].tobytes() for row in views)
            print_ = Fingerprint(self.spec, phash[0], pdq[0], 90, {"copy": image[0]}, 0.5, b"")
            asked = QueryFingerprint(print_, phash, pdq, {"copy": windows})
            yield Query("00" * 32, "00" * 32, asked, np.zeros((1, 1, 3), np.uint8))

    def _edited(self, rows: NDArray[np.int64], noise: NDArray[np.float64], random: np.random.Generator) -> Halves:
        """Vectors at a distance from those of works: noise 1 is as long as the vector itself."""
        added = _unit(random.standard_normal((len(rows), self.copies.shape[1]), np.float32))
        moved = self.copies[rows].astype(np.float32) + noise[:, None].astype(np.float32) * added
        return _unit(moved).astype(np.float16)


def _unit(vectors: Floats) -> Floats:
    normal: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normal


def _hashes(vectors: Halves, hashing: Floats, random: np.random.Generator) -> NDArray[np.uint8]:
    signs = (
        vectors.astype(np.float32) @ hashing
        + 0.3 * random.standard_normal((len(vectors), hashing.shape[1]), np.float32)
        > 0
    )
    return np.packbits(signs, axis=1)


def store(database: Database, spec: Spec, corpus: Synthetic) -> None:
    """As if all of them had been registered; an empty log stays empty."""
    number = ensure_spec(database, spec)
    rows = range(len(corpus))
    with database.begin_as_owner() as connection:
        artists = {corpus.artist_id(row) for row in rows}
        copy_rows(connection, people.artist, ("artist_id", "name"), [(uuid.UUID(each), each) for each in artists])
        copy_rows(connection, corpus_tables.work_detail, DETAIL_COLUMNS, (_detail(corpus, row) for row in rows))
        for start in range(0, len(corpus), CHUNK):
            part = rows[start : start + CHUNK]
            copy_fingerprints(connection, number, [(corpus.work_id(row), corpus.fingerprint(row)) for row in part])
        copy_rows(connection, projections.work, WORK_COLUMNS, (_work(corpus, row) for row in rows))
        head = [(True, 0, len(corpus) - 1, len(corpus))]
        columns = ("only_row", "next_index", "corpus_through", "corpus_works")
        copy_rows(connection, projections.projection_head, columns, head)
        connection.execute(sa.text("ANALYZE"))


def _detail(corpus: Synthetic, row: int) -> tuple[object, ...]:
    artist = uuid.UUID(corpus.artist_id(row))
    key = uuid.UUID(corpus.work_id(row))
    return (key, artist, "synthetic", str(row), "", "", Jsonb({}))


def _work(corpus: Synthetic, row: int) -> tuple[object, ...]:
    work, digest = uuid.UUID(corpus.work_id(row)), row.to_bytes(32)
    uses = ["match", "train", "style"]
    artist = uuid.UUID(corpus.artist_id(row))
    return (work, artist, digest, digest, "CC0-1.0", uses, work, row, digest, row)
