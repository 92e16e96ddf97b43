"""Reads and writes fingerprints in PostgreSQL, as binary `halfvec` (pgvector) and `bit`."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pgvector import Bit, HalfVector
from psycopg import Cursor
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.rows import TupleRow
from sqlalchemy.engine import Connection

from ledger.corpus.terms import MAY_MATCH, MAY_STYLE
from ledger.fingerprint.fingerprint import Fingerprint, Vector
from ledger.fingerprint.style_models import CLIP, VAE
from ledger.match.block import FingerprintBlock, first_rows
from ledger.match.style.measure import StyleBlock, has_style
from ledger.storage.bulk import copy_rows
from ledger.storage.database import Database, driver
from ledger.storage.tables.corpus import second_view, work_hand, work_local, work_style, work_vector


class SecondView(NamedTuple):
    """A work's second view as it is stored."""

    fingerprint: Fingerprint
    """With local features, without embeddings of style."""
    preview: bytes
    """WebP."""


VECTOR_COLUMNS = ("spec_id", "phash", "pdq", "pdq_quality", "complexity", "copy")
LOCAL_COLUMNS = ("work_id", "spec_id", "features")
SELECTED = "bit_send(v.phash), bit_send(v.pdq), v.pdq_quality, v.complexity, halfvec_send(v.copy)"
"""Columns as bytes in wire form: no conversion to text, no types to register on each connection."""
STYLE_COLUMNS = ("work_id", "spec_id", CLIP, VAE)
STYLE_SELECTED = f"halfvec_send(s.clip), halfvec_send(s.vae), {MAY_STYLE}"

HAND_COLUMNS = ("work_id", "spec_id", "hand", "technique", "depths")
SECOND_COLUMNS = ("work_id", *VECTOR_COLUMNS, "features", "webp")
NO_SECOND: Mapping[str, SecondView] = {}

_BIT_HEAD = 4
_HALFVEC_HEAD = 4


def copy_fingerprints(
    connection: Connection,
    spec_id: int,
    fingerprints: Sequence[tuple[str, Fingerprint]],
    seconds: Mapping[str, SecondView] = NO_SECOND,
) -> None:
    """Inserts (work id, fingerprint) pairs of one spec, with their local features; and second views by work id."""
    rows = ((UUID(work_id), *vector_row(spec_id, each)) for work_id, each in fingerprints)
    copy_rows(connection, work_vector, ("work_id", *VECTOR_COLUMNS), rows)
    local = ((UUID(work_id), spec_id, each.local) for work_id, each in fingerprints)
    copy_rows(connection, work_local, LOCAL_COLUMNS, local)
    style = (
        (UUID(work_id), spec_id, HalfVector(each.embeddings[CLIP]), HalfVector(each.embeddings[VAE]))
        for work_id, each in fingerprints
        if has_style(each)
    )
    copy_rows(connection, work_style, STYLE_COLUMNS, style)
    hands = (
        (UUID(work_id), spec_id, bytes.fromhex(each.hand.spec), _bytes(each.hand.technique, "<f4"),
         _bytes(each.hand.depths, "<f2"))
        for work_id, each in fingerprints
        if each.hand is not None
    )  # fmt: skip
    copy_rows(connection, work_hand, HAND_COLUMNS, hands)
    views = (
        (UUID(work_id), *vector_row(spec_id, each.fingerprint), each.fingerprint.local, each.preview)
        for work_id, each in seconds.items()
    )
    copy_rows(connection, second_view, SECOND_COLUMNS, views)


def vector_row(spec_id: int, fingerprint: Fingerprint) -> tuple[Any, ...]:
    """A row in the order of VECTOR_COLUMNS; `spec_id` is the number of the fingerprint's spec."""
    return (
        spec_id,
        _to_bit(fingerprint.phash),
        _to_bit(fingerprint.pdq),
        fingerprint.pdq_quality,
        float(fingerprint.complexity),
        HalfVector(fingerprint.embeddings["copy"]),
    )


def _bytes(numbers: NDArray[Any], form: str) -> bytes:
    return numbers.astype(form).tobytes()


def _to_bit(digest: bytes) -> Bit:
    """A hash, most significant bit first, as pgvector's Bit."""
    return Bit(np.unpackbits(np.frombuffer(digest, np.uint8)).astype(bool).tolist())


class Wire(bytes):
    """A parameter in its type's wire form; the statement must name the type."""


class _WireDumper(Dumper):
    format = Format.BINARY
    oid = 0

    def dump(self, obj: Any) -> bytes:
        return bytes(obj)


def takes_wire(cursor: Cursor[TupleRow]) -> None:
    """Lets a cursor send `Wire` values, without registering their types."""
    cursor.adapters.register_dumper(Wire, _WireDumper)


def bit_wire(digest: bytes) -> Wire:
    """A hash for a parameter cast to `bit`."""
    return Wire(struct.pack("!i", 8 * len(digest)) + digest)


def halfvec_wire(vector: Vector) -> Wire:
    """A vector for a parameter cast to `halfvec`."""
    return Wire(struct.pack("!hh", len(vector), 0) + vector.astype(">f2").tobytes())


def read_fingerprint(
    spec: str, row: TupleRow | Sequence[Any], clip: bytes | None = None, vae: bytes | None = None
) -> Fingerprint:
    """The fingerprint of the columns SELECTED and the vectors of STYLE_SELECTED, without local features."""
    phash, pdq, pdq_quality, complexity, copy = row
    vectors = {name: read_halfvec(wire) for name, wire in (("copy", copy), (CLIP, clip), (VAE, vae)) if wire}
    return Fingerprint(spec, phash[_BIT_HEAD:], pdq[_BIT_HEAD:], pdq_quality, vectors, complexity, local=b"")


def read_halfvec(wire: bytes) -> Vector:
    return np.frombuffer(wire, ">f2", offset=_HALFVEC_HEAD).astype(np.float16)


def iter_blocks(
    database: Database, spec: str, spec_id: Callable[[Connection], int], size: int
) -> Iterator[FingerprintBlock]:
    """Stored fingerprints of at most `size` matchable works in each block, in the order of their ids. A work's second
    view is a row of its own after the work's.

    Each block is a separate query after the last id, so that no connection is held while the caller computes.
    """
    query = (
        f"SELECT v.work_id, {SELECTED} FROM work_vector v JOIN work w USING (work_id)"  # noqa: S608 - our own text
        f" WHERE v.spec_id = %s AND v.work_id > %s AND {MAY_MATCH} ORDER BY v.work_id LIMIT %s"
    )
    for rows in pages(database, query, spec_id, size):
        yield block_of(spec, with_second_views(database, spec_id, rows))


def with_second_views(
    database: Database, spec_id: Callable[[Connection], int], rows: Sequence[TupleRow]
) -> Sequence[TupleRow]:
    """Rows of works (id and SELECTED), in the order of their ids, with the rows of their second views after them."""
    statement = f"SELECT v.work_id, {SELECTED} FROM second_view v WHERE v.spec_id = %s AND v.work_id = ANY(%s)"  # noqa: S608
    with database.begin() as connection, driver(connection).cursor(binary=True) as cursor:
        cursor.execute(statement.encode(), (spec_id(connection), [row[0] for row in rows]))
        found = cursor.fetchall()
    # Sorting is stable: the second view comes after the work's first.
    return sorted([*rows, *found], key=lambda row: row[0])


def iter_style_blocks(database: Database, spec_id: Callable[[Connection], int], size: int) -> Iterator[StyleBlock]:
    """Like `iter_blocks`, but style embeddings of the matchable works that allow `style`."""
    query = (
        "SELECT s.work_id, halfvec_send(s.clip), halfvec_send(s.vae)"  # noqa: S608 - our own text
        " FROM work_style s JOIN work w USING (work_id)"
        f" WHERE s.spec_id = %s AND s.work_id > %s AND {MAY_MATCH} AND {MAY_STYLE} ORDER BY s.work_id LIMIT %s"
    )
    for rows in pages(database, query, spec_id, size):
        _, clip, vae = zip(*rows, strict=True)
        yield StyleBlock(np.stack([*map(read_halfvec, clip)]), np.stack([*map(read_halfvec, vae)]))


def pages(
    database: Database, query: str, spec_id: Callable[[Connection], int], size: int
) -> Iterator[Sequence[TupleRow]]:
    after = UUID(int=0)
    while True:
        with database.begin() as connection, driver(connection).cursor(binary=True) as cursor:
            cursor.execute(query.encode(), (spec_id(connection), after, size))
            rows = cursor.fetchall()
        if rows:
            yield rows
            after = rows[-1][0]
        if len(rows) < size:
            return


def block_of(spec: str, rows: Sequence[TupleRow]) -> FingerprintBlock:
    works, phash, pdq, quality, complexity, copies = zip(*rows, strict=True)
    return FingerprintBlock(
        spec=spec,
        copy=np.stack([*map(read_halfvec, copies)]),
        phash=_words(phash),
        pdq=_words(pdq),
        pdq_quality=np.array(quality, np.uint8),
        complexity=np.array(complexity, np.float32),
        starts=first_rows(works),
    )


def _words(hashes: Sequence[bytes]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    return np.frombuffer(b"".join(each[_BIT_HEAD:] for each in hashes), np.uint64).reshape(len(hashes), -1)
