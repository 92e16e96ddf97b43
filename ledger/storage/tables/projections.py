"""Searchable data from the log, dropped and rebuilt from `entry` by ledger/storage/log/projections.py."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from ledger.storage.tables.columns import DIGEST, NATURAL, checks, digest, metadata

record = Table(
    "record",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", Uuid, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    digest("subject_sha256"),
    digest("pixel_sha256", nullable=True),
    Column("generated_at", DateTime(timezone=True), nullable=False),
    Column("verdict", Text),
    Column("work_id", Uuid),
    Column("artist_id", Uuid),
    Column("model_id", Uuid),
    Index(None, "subject_sha256", "leaf_index"),
    Index(None, "pixel_sha256", "leaf_index"),
    Index(None, "kind", "leaf_index"),
    Index(None, "work_id", "leaf_index", postgresql_where=text("work_id IS NOT NULL")),
    Index(None, "artist_id", "leaf_index", postgresql_where=text("artist_id IS NOT NULL")),
    Index(None, "model_id", "leaf_index", postgresql_where=text("model_id IS NOT NULL")),
    *checks(subject_sha256=DIGEST, pixel_sha256=DIGEST),
)

record_match = Table(
    "record_match",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("rank", SmallInteger, primary_key=True),
    Column("work_id", Uuid, primary_key=True),
    Column("artist_id", Uuid, nullable=False),
    Column("relation", Text, nullable=False),
    Column("score", Double, nullable=False),
    Column("p_value", Double, nullable=False),
    Index(None, "work_id", "leaf_index"),
    Index(None, "artist_id", "leaf_index"),
)

work = Table(
    "work",
    metadata,
    Column("work_id", Uuid, primary_key=True),
    Column("artist_id", Uuid, nullable=False, index=True),
    digest("sha256"),
    digest("pixel_sha256"),
    Column("licence", Text, nullable=False),
    Column("allowed_uses", ARRAY(Text), nullable=False),
    Column("registration_record_id", Uuid, nullable=False),
    Column("registration_index", BigInteger, nullable=False, unique=True),
    digest("registration_leaf_hash"),
    Column("last_change_index", BigInteger, nullable=False),
    Column("withdrawn_index", BigInteger),
    Index(None, "sha256"),
    Index(None, "pixel_sha256"),
    *checks(sha256=DIGEST, pixel_sha256=DIGEST, registration_leaf_hash=DIGEST),
)

calibration = Table(
    "calibration",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", Uuid, nullable=False),
    digest("digest"),
    digest("spec"),
    Column("corpus_through", BigInteger, nullable=False),
    Column("corpus_works", BigInteger, nullable=False),
    Index(None, "digest"),
    *checks(digest=DIGEST, spec=DIGEST),
)

key_event = Table(
    "key_event",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", Uuid, nullable=False),
    digest("keyid"),
    Column("public_key", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("holder_id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Index(None, "keyid", "leaf_index"),
    *checks(keyid=DIGEST),
)

claim = Table(
    "claim",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", Uuid, nullable=False),
    digest("payload_sha256"),
    Column("claimant_id", Uuid, nullable=False),
    Column("works", ARRAY(Uuid), nullable=False),
    Column("verdict", Text),
    Column("contested", Boolean, nullable=False),
    Column("answered_index", BigInteger),
    Column("resolution", Text),
    Column("overturned", Boolean, nullable=False),
    UniqueConstraint("payload_sha256"),
    Index(None, "claimant_id", "leaf_index"),
    Index(None, "works", postgresql_using="gin"),
    *checks(payload_sha256=DIGEST),
)
"""Where claims stand: the newest verdict by the rules and the newest resolution. `overturned`: an auditor decided
otherwise than the rules, or than an auditor before. `answered_index`: of the first response by another party."""

claim_party = Table(
    "claim_party",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("claim_index", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("part", Text, nullable=False),
)
"""Whom a claim concerns: its claimant, artists whose works or pictures it is about (`named`), and who answered it."""

notice = Table(
    "notice",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
)
"""Entries that accounts are told of, and why (ledger/storage/log/notices.py)."""

projection_head = Table(
    "projection_head",
    metadata,
    Column("only_row", Boolean, primary_key=True),
    Column("next_index", BigInteger, nullable=False),
    Column("corpus_through", BigInteger, nullable=False),
    Column("corpus_works", BigInteger, nullable=False),
    *checks(only_row="{}", next_index=NATURAL),
)
