"""Documents that records and vectors name by digest. They never change."""

from __future__ import annotations

from sqlalchemy import Column, Identity, LargeBinary, SmallInteger, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from ledger.storage.tables.columns import DIGEST, checks, digest, metadata

fingerprint_spec = Table(
    "fingerprint_spec",
    metadata,
    Column("spec_id", SmallInteger, Identity(always=True), primary_key=True),
    digest("digest"),
    Column("document", JSONB, nullable=False),
    UniqueConstraint("digest"),
    *checks(digest=DIGEST),
)

calibration_file = Table(
    "calibration_file",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("document", LargeBinary, nullable=False),
    *checks(digest=DIGEST),
)

document = Table(
    "document",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    *checks(digest=DIGEST),
)
"""Files that records name by digest: policies, descriptions of models, manifests."""
