"""Data of registered works outside the log: names, fingerprints, previews, duplicates, opt-outs."""

from __future__ import annotations

import uuid

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from ledger.storage.tables.columns import DIGEST, checks, digest, fingerprint_columns, metadata
from ledger.text import DEFAULT_LIMIT

HNSW_PREFIX = "hnsw_"
"""Prefix of indexes created at run time, one per spec; they are not part of the migrated schema."""


SECOND = "second_view"


def index_name(column: str, spec_id: int, table: str = "") -> str:
    """Name of the HNSW index over a spec's vectors of one kind; those of second views have other names."""
    return f"{HNSW_PREFIX}{'second_' if table == SECOND else ''}{column}_{spec_id}"


def _work_key(name: str, *, index: bool = False) -> Column[uuid.UUID]:
    """A primary key column that names a work and is deleted with it."""
    reference = ForeignKey("work_detail.work_id", ondelete="CASCADE")
    return Column(name, Uuid, reference, primary_key=True, index=index or None)


def _of_vector() -> ForeignKeyConstraint:
    """Foreign key of rows that are deleted with a work's vectors under a spec."""
    key = ["work_id", "spec_id"]
    return ForeignKeyConstraint(key, [f"work_vector.{name}" for name in key], ondelete="CASCADE")


work_detail = Table(
    "work_detail",
    metadata,
    Column("work_id", Uuid, primary_key=True),
    Column("artist_id", Uuid, ForeignKey("artist.artist_id"), nullable=False, index=True),
    Column("source_name", Text, nullable=False),
    Column("source_key", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("labels", JSONB, nullable=False),
    digest("metadata_key", nullable=True),
    Column("metadata", JSONB),
    Column("credit_line", Text, nullable=False, server_default=""),
    Column("link", Text, nullable=False, server_default=""),
    Column("terms", Text, nullable=False, server_default=""),
    Column("file_terms", JSONB, nullable=False, server_default=text("'[]'")),
    UniqueConstraint("source_name", "source_key"),
    *checks(title=f"char_length({{}}) <= {DEFAULT_LIMIT}", metadata_key=DIGEST),
)
"""All personal data about a work. A withdrawal deletes the row, and with it fingerprints and preview."""

work_vector = Table(
    "work_vector",
    metadata,
    _work_key("work_id"),
    *fingerprint_columns(),
)

work_local = Table(
    "work_local",
    metadata,
    Column("work_id", Uuid, primary_key=True),
    Column("spec_id", SmallInteger, primary_key=True),
    Column("features", LargeBinary, nullable=False),
    _of_vector(),
)
"""Local features. They are ten times larger than a vector and read for few works at a time, so in `work_vector` they
would slow its scans down."""

work_style = Table(
    "work_style",
    metadata,
    Column("work_id", Uuid, primary_key=True),
    Column("spec_id", SmallInteger, primary_key=True),
    Column("clip", HALFVEC, nullable=False),
    Column("vae", HALFVEC, nullable=False),
    _of_vector(),
)
"""Style embeddings, under specs that have them; searched among fewer works than `work_vector`."""

work_hand = Table(
    "work_hand",
    metadata,
    Column("work_id", Uuid, primary_key=True),
    Column("spec_id", SmallInteger, primary_key=True),
    digest("hand"),
    Column("technique", LargeBinary, nullable=False),
    Column("depths", LargeBinary, nullable=False),
    _of_vector(),
    *checks(hand=DIGEST),
)
"""How works are drawn, for classifiers of artists: little-endian float32 and float16. `hand`: digest of how they are
computed."""

classifier = Table(
    "classifier",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("artists", ARRAY(Uuid), nullable=False),
    Column("file", LargeBinary, nullable=False),
    Column("card", Text, nullable=False),
    Column("report", JSONB, nullable=False),
    UniqueConstraint("kind"),
    *checks(digest=DIGEST),
)
"""The classifiers that serve, one of a kind: of artists (`artist`), or of a label that works have. `artists`: those
whose works it was trained on."""

likeness = Table(
    "likeness",
    metadata,
    Column("record_id", Uuid, primary_key=True),
    Column("said", JSONB, nullable=False),
)
"""What classifiers said of a record's picture, with the works that speak for each artist."""

second_view = Table(
    SECOND,
    metadata,
    Column("work_id", Uuid, primary_key=True),
    *fingerprint_columns(),
    Column("features", LargeBinary, nullable=False),
    Column("webp", LargeBinary, nullable=False),
    _of_vector(),
)
"""Works with transparency over black: fingerprint without embeddings of style, local features, preview. A table of its
own, so that a work counts once everywhere else and has one place in each list of a search."""

preview = Table(
    "preview",
    metadata,
    _work_key("work_id"),
    Column("webp", LargeBinary, nullable=False),
)

uncompared_work = Table(
    "uncompared_work",
    metadata,
    _work_key("work_id"),
)
"""Works that their artists registered and that were not compared with those of others yet."""

duplicate_asked = Table(
    "duplicate_asked",
    metadata,
    _work_key("work_id"),
    digest("calibration"),
    Column("not_comparable", Text),
    *checks(calibration=DIGEST),
)

duplicate_pair = Table(
    "duplicate_pair",
    metadata,
    _work_key("first_id"),
    _work_key("second_id", index=True),
    digest("calibration"),
    Column("verified", Boolean, nullable=False),
    Column("score", Double, nullable=False),
    Column("found", JSONB, nullable=False),
    *checks(calibration=DIGEST, second_id="first_id < {}"),
)

duplicate_group = Table(
    "duplicate_group",
    metadata,
    _work_key("work_id"),
    Column("group_id", Uuid, nullable=False),
)

null_query = Table(
    "null_query",
    metadata,
    Column("work_id", Uuid, primary_key=True),
    Column("spec_id", SmallInteger, primary_key=True),
    Column("edits", SmallInteger, nullable=False),
    Column("fingerprint", LargeBinary),
    _of_vector(),
)
"""Fingerprints, as queries, of works that stand for unrelated pictures; NULL where a work's picture is not comparable.
They are made from previews and belong to a version of the edits."""

null_pair = Table(
    "null_pair",
    metadata,
    Column("query_id", Uuid, primary_key=True),
    Column("work_id", Uuid, primary_key=True),
    Column("spec_id", SmallInteger, primary_key=True),
    digest("rule"),
    Column("evidence", Double),
    ForeignKeyConstraint(["query_id", "spec_id"], ["null_query.work_id", "null_query.spec_id"], ondelete="CASCADE"),
    _of_vector(),
    Index(None, "work_id", "spec_id"),
    *checks(rule=DIGEST),
)
"""What aligning such a query with a work said; NULL where it found nothing. It belongs to a rule of alignment."""

opt_out = Table(
    "opt_out",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", LargeBinary, primary_key=True),
    Column("added_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    *checks(kind="{} IN ('sha256', 'look')", value="octet_length({}) = CASE kind WHEN 'look' THEN 64 ELSE 32 END"),
)
"""Pictures that are never matched or trained on: digests of bytes or pixels, and pairs of pHash and PDQ."""
