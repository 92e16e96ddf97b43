"""Generated pictures: those that wait for confirmation, and those that were delivered."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, ForeignKey, Index, LargeBinary, Table, Text, Uuid

from ledger.storage.tables.columns import DIGEST, checks, digest, fingerprint_columns, metadata

pending_image = Table(
    "pending_image",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column("record_id", Uuid, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    digest("manifest_sha256"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index(None, "expires_at"),
    *checks(token_sha256=DIGEST, manifest_sha256=DIGEST),
)
"""Generated pictures that wait for confirmation; erased when confirmed or expired."""

seen_picture = Table(
    "seen_picture",
    metadata,
    Column("record_id", Uuid, primary_key=True),
    Column("webp", LargeBinary, nullable=False),
)
"""Previews of delivered generated pictures, by record; they verify a file that lost its metadata."""

seen_vector = Table(
    "seen_vector",
    metadata,
    Column("record_id", Uuid, ForeignKey("seen_picture.record_id", ondelete="CASCADE"), primary_key=True),
    *fingerprint_columns(),
    Column("features", LargeBinary, nullable=False),
)
