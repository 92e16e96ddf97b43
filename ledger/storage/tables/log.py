"""The log itself, insert only, and the keys that are valid according to it."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from ledger.log.entry import MAX_ENTRY_BYTES
from ledger.storage.tables.columns import DIGEST, NATURAL, checks, digest, metadata

entry = Table(
    "entry",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", Uuid, nullable=False, unique=True),
    digest("leaf_hash"),
    Column("envelope", LargeBinary, nullable=False),
    Column("appended_at", DateTime(timezone=True), nullable=False),
    digest("dedup_key", nullable=True),
    UniqueConstraint("dedup_key"),
    *checks(
        leaf_index=NATURAL,
        leaf_hash=DIGEST,
        dedup_key=DIGEST,
        envelope=f"octet_length({{}}) BETWEEN 1 AND {MAX_ENTRY_BYTES}",
    ),
)

log_head = Table(
    "log_head",
    metadata,
    Column("only_row", Boolean, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("edge", ARRAY(LargeBinary), nullable=False),
    digest("root"),
    *checks(only_row="{}", origin="{} <> ''", size=NATURAL, root=DIGEST),
)

holder_key = Table(
    "holder_key",
    metadata,
    digest("keyid"),
    Column("role", Text, nullable=False),
    Column("holder_id", Uuid, nullable=False, index=True),
    PrimaryKeyConstraint("keyid"),
    *checks(keyid=DIGEST),
)
"""The keys of artists, operators and auditors that are valid now. Appending a `key` record changes it."""
