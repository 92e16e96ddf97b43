"""HNSW indexes per spec, made once a corpus is large enough to need them."""

from __future__ import annotations

import sqlalchemy as sa

from ledger.storage.database import Database
from ledger.storage.specs import copy_dimension, spec_id
from ledger.storage.tables import HASH_BITS, index_name

WORTH_AN_INDEX = 20_000
"""Fingerprints up to which scanning them all takes only milliseconds and misses nothing."""
BUILD_MEMORY = "512MB"
"""The graph of 100,000 works of 512 dimensions fits; beyond, building slows down but goes on."""


def ensure_indexes(database: Database, spec: str, *, at_least: int = WORTH_AN_INDEX) -> bool:
    """Make the indexes of a spec (digest), as the owner, where it has `at_least` fingerprints. Call after bulk loads.

    Returns whether they exist now. Raises NotFoundError (`spec-unknown`), PushbackError.
    """
    with database.begin_as_owner() as connection:
        number, dimension = spec_id(connection, spec), copy_dimension(connection, spec)
        count = connection.execute(
            sa.text("SELECT count(*) FROM work_vector WHERE spec_id = :number"), {"number": number}
        ).scalar_one()
        if count < at_least:
            return False
        connection.execute(sa.text(f"SET LOCAL maintenance_work_mem = '{BUILD_MEMORY}'"))
        for name, expression, operators in (
            ("copy", f"(copy::halfvec({dimension}))", "halfvec_cosine_ops"),
            ("phash", f"(phash::bit({HASH_BITS}))", "bit_hamming_ops"),
            ("pdq", f"(pdq::bit({HASH_BITS}))", "bit_hamming_ops"),
        ):
            connection.execute(
                sa.text(
                    f"CREATE INDEX IF NOT EXISTS {index_name(name, number)} ON work_vector"
                    f" USING hnsw ({expression} {operators}) WHERE spec_id = {number}"
                )
            )
    return True
