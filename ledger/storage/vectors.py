"""Fingerprints in and out of PostgreSQL: pgvector's `halfvec` and the type `bit`, read and written in binary."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from pgvector import Bit, HalfVector
from psycopg import Cursor
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.rows import TupleRow
from sqlalchemy.engine import Connection

from ledger.fingerprint.types import Fingerprint, Vector
from ledger.match.block import FingerprintBlock
from ledger.storage import tables
from ledger.storage.bulk import copy_rows
from ledger.storage.database import Database, driver

VECTOR_COLUMNS = ("work_id", "spec_id", "phash", "pdq", "pdq_quality", "complexity", "copy")
LOCAL_COLUMNS = ("work_id", "spec_id", "features")
SELECTED = "bit_send(v.phash), bit_send(v.pdq), v.pdq_quality, v.complexity, halfvec_send(v.copy)"
"""As bytes in the types' wire form: no text in between, no type to register on each connection."""
MATCHABLE = "w.withdrawn_index IS NULL AND 'match' = ANY(w.allowed_uses)"
"""The works that the corpus state counts and that may be offered."""

_BIT_HEAD = 4
_HALFVEC_HEAD = 4
_FIELDS = 5


def copy_fingerprints(connection: Connection, spec_id: int, fingerprints: Sequence[tuple[str, Fingerprint]]) -> None:
    """Insert fingerprints (work id, fingerprint), all of the spec of that number, with their local features."""
    rows = (
        (
            UUID(work_id),
            spec_id,
            to_bit(each.phash),
            to_bit(each.pdq),
            each.pdq_quality,
            float(each.complexity),
            HalfVector(each.embeddings["copy"]),
        )
        for work_id, each in fingerprints
    )
    copy_rows(connection, tables.work_vector, VECTOR_COLUMNS, rows)
    local = ((UUID(work_id), spec_id, each.local) for work_id, each in fingerprints)
    copy_rows(connection, tables.work_local, LOCAL_COLUMNS, local)


def to_bit(digest: bytes) -> Bit:
    """A hash, most significant bit first, as pgvector's Bit."""
    return Bit(np.unpackbits(np.frombuffer(digest, np.uint8)).astype(bool).tolist())


class Wire(bytes):
    """A value in its type's wire form, as a parameter whose type the statement names."""


class _WireDumper(Dumper):
    format = Format.BINARY
    oid = 0

    def dump(self, obj: Any) -> bytes:
        return bytes(obj)


def takes_wire(cursor: Cursor[TupleRow]) -> None:
    """Let a cursor send `Wire`: neither it nor the server need to know more of a type than how it is read."""
    cursor.adapters.register_dumper(Wire, _WireDumper)


def bit_wire(digest: bytes) -> Wire:
    """A hash for a parameter cast to `bit`."""
    return Wire(struct.pack("!i", 8 * len(digest)) + digest)


def halfvec_wire(vector: Vector) -> Wire:
    """A vector for a parameter cast to `halfvec`."""
    return Wire(struct.pack("!hh", len(vector), 0) + vector.astype(">f2").tobytes())


def read_fingerprint(spec: str, row: TupleRow | Sequence[Any]) -> Fingerprint:
    """The fingerprint in the columns SELECTED, without its local features."""
    phash, pdq, pdq_quality, complexity, copy = row
    vector = np.frombuffer(copy, ">f2", offset=_HALFVEC_HEAD).astype(np.float16)
    return Fingerprint(spec, phash[_BIT_HEAD:], pdq[_BIT_HEAD:], pdq_quality, {"copy": vector}, complexity, local=b"")


def iter_blocks(
    database: Database, spec: str, spec_id: Callable[[Connection], int], size: int
) -> Iterator[FingerprintBlock]:
    """Stored fingerprints of matchable works in blocks of at most `size`, in the order of their ids.

    Each block is a query of its own by the last id seen, so that no connection is held while the caller computes.
    """
    after = UUID(int=0)
    query = (
        f"SELECT {SELECTED}, v.work_id FROM work_vector v JOIN work w USING (work_id)"  # noqa: S608 - our own text
        f" WHERE v.spec_id = %s AND v.work_id > %s AND {MATCHABLE} ORDER BY v.work_id LIMIT %s"
    )
    while True:
        with database.begin() as connection, driver(connection).cursor(binary=True) as cursor:
            cursor.execute(query.encode(), (spec_id(connection), after, size))
            rows = cursor.fetchall()
        if rows:
            yield _block(spec, rows)
            after = rows[-1][_FIELDS]
        if len(rows) < size:
            return


def _block(spec: str, rows: Sequence[TupleRow]) -> FingerprintBlock:
    phash, pdq, quality, complexity, copies, _ = zip(*rows, strict=True)
    return FingerprintBlock(
        spec=spec,
        copy=np.stack([np.frombuffer(each, ">f2", offset=_HALFVEC_HEAD) for each in copies]).astype(np.float16),
        phash=_words(phash),
        pdq=_words(pdq),
        pdq_quality=np.array(quality, np.uint8),
        complexity=np.array(complexity, np.float32),
    )


def _words(hashes: Sequence[bytes]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    return np.frombuffer(b"".join(each[_BIT_HEAD:] for each in hashes), np.uint64).reshape(len(hashes), -1)
