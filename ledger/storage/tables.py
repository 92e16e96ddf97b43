"""Every table. They never leave this room: other rooms get dataclasses.

Three kinds: the *log* (insert only; a trigger refuses the rest even to the owner), *primary* data beside it (what may
be erased, and what no leaf holds: names, vectors, previews), and *projections*, dropped and rebuilt from the log.
Digests and hashes are 32 raw bytes, ids are UUIDs, times have a time zone. Roles and triggers are in the migrations.
"""

from __future__ import annotations

import uuid

from pgvector.sqlalchemy import BIT, HALFVEC
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from ledger.log.types import MAX_ENTRY_BYTES

SERVICE_ROLE = "artledger_service"
HASH_BITS = 256
MAX_NAME = 300
"""Characters of a name or title; ledger.text cleans them to this length."""
MAX_CLAIM_TEXT = 4000
"""Characters of what a claim, a response or a resolution says."""
HNSW_PREFIX = "hnsw_"
"""Indexes made at run time, one per spec: not part of the migrated schema."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _digest(name: str, *, nullable: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=nullable)


def _checks(**rules: str) -> list[CheckConstraint]:
    """CHECKs named after the column they guard."""
    return [CheckConstraint(rule.format(name), name=name) for name, rule in rules.items()]


DIGEST = "octet_length({}) = 32"
NATURAL = "{} >= 0"


# --- the log --------------------------------------------------------------------------------------------------------

entry = Table(
    "entry",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", Uuid, nullable=False, unique=True),
    _digest("leaf_hash"),
    Column("envelope", LargeBinary, nullable=False),
    Column("appended_at", DateTime(timezone=True), nullable=False),
    _digest("dedup_key", nullable=True),
    UniqueConstraint("dedup_key"),
    *_checks(
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
    _digest("root"),
    *_checks(only_row="{}", origin="{} <> ''", size=NATURAL, root=DIGEST),
)

# --- primary data ---------------------------------------------------------------------------------------------------

fingerprint_spec = Table(
    "fingerprint_spec",
    metadata,
    Column("spec_id", SmallInteger, Identity(always=True), primary_key=True),
    _digest("digest"),
    Column("document", JSONB, nullable=False),
    UniqueConstraint("digest"),
    *_checks(digest=DIGEST),
)

artist = Table(
    "artist",
    metadata,
    Column("artist_id", Uuid, primary_key=True),
    Column("name", Text, unique=True),
    *_checks(name=f"char_length({{}}) BETWEEN 1 AND {MAX_NAME}"),
)
"""A person who was erased has no name any more; records go on naming the id."""

account = Table(
    "account",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("disabled_at", DateTime(timezone=True)),
    *_checks(
        role="{} IN ('artist', 'generator', 'auditor', 'administrator')",
        name=f"char_length({{0}}) <= {MAX_NAME} AND (role <> 'artist' OR {{0}} = '')",
    ),
)
"""Who may do what. An artist's account has the id of the `artist` row, which has the name: it stands in one place."""

access_token = Table(
    "access_token",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("account_id", Uuid, ForeignKey("account.account_id", ondelete="CASCADE"), nullable=False, index=True),
    _digest("secret_sha256"),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    *_checks(secret_sha256=DIGEST),
)

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
    _digest("metadata_key", nullable=True),
    Column("metadata", JSONB),
    Column("credit_line", Text, nullable=False, server_default=""),
    Column("link", Text, nullable=False, server_default=""),
    Column("terms", Text, nullable=False, server_default=""),
    UniqueConstraint("source_name", "source_key"),
    *_checks(title=f"char_length({{}}) <= {MAX_NAME}", metadata_key=DIGEST),
)
"""All that is personal about a work: a withdrawal deletes the row, and with it fingerprints and preview."""

work_vector = Table(
    "work_vector",
    metadata,
    Column("work_id", Uuid, ForeignKey("work_detail.work_id", ondelete="CASCADE"), primary_key=True),
    Column("spec_id", SmallInteger, ForeignKey("fingerprint_spec.spec_id"), primary_key=True, index=True),
    Column("phash", BIT(HASH_BITS), nullable=False),
    Column("pdq", BIT(HASH_BITS), nullable=False),
    Column(
        "pdq_quality",
        SmallInteger,
        nullable=False,
    ),
    Column("complexity", Double, nullable=False),
    Column("copy", HALFVEC, nullable=False),
    *_checks(pdq_quality="{} BETWEEN 0 AND 100"),
)

work_local = Table(
    "work_local",
    metadata,
    Column("work_id", Uuid, primary_key=True),
    Column("spec_id", SmallInteger, primary_key=True),
    Column("features", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["work_id", "spec_id"],
        ["work_vector.work_id", "work_vector.spec_id"],
        name="fk_work_local_work_id_spec_id",
        ondelete="CASCADE",
    ),
)
"""Local features are ten times a vector's size and read for a few works at a time: in `work_vector` they would be in
the way of its scans."""

work_style = Table(
    "work_style",
    metadata,
    Column("work_id", Uuid, primary_key=True),
    Column("spec_id", SmallInteger, primary_key=True),
    Column("clip", HALFVEC, nullable=False),
    Column("vae", HALFVEC, nullable=False),
    ForeignKeyConstraint(
        ["work_id", "spec_id"],
        ["work_vector.work_id", "work_vector.spec_id"],
        name="fk_work_style_work_id_spec_id",
        ondelete="CASCADE",
    ),
)
"""Embeddings of style, under specs that have them: searched among fewer works than `work_vector`."""

preview = Table(
    "preview",
    metadata,
    Column("work_id", Uuid, ForeignKey("work_detail.work_id", ondelete="CASCADE"), primary_key=True),
    Column("webp", LargeBinary, nullable=False),
)

calibration_file = Table(
    "calibration_file",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("document", LargeBinary, nullable=False),
    *_checks(digest=DIGEST),
)


def _work_key(name: str, *, index: bool = False) -> Column[uuid.UUID]:
    """A primary key's column that names a work, and goes with it."""
    reference = ForeignKey("work_detail.work_id", ondelete="CASCADE")
    return Column(name, Uuid, reference, primary_key=True, index=index or None)


duplicate_asked = Table(
    "duplicate_asked",
    metadata,
    _work_key("work_id"),
    _digest("calibration"),
    Column("not_comparable", Text),
    *_checks(calibration=DIGEST),
)

duplicate_pair = Table(
    "duplicate_pair",
    metadata,
    _work_key("first_id"),
    _work_key("second_id", index=True),
    _digest("calibration"),
    Column("verified", Boolean, nullable=False),
    Column("score", Double, nullable=False),
    Column("found", JSONB, nullable=False),
    *_checks(calibration=DIGEST, second_id="first_id < {}"),
)

duplicate_group = Table(
    "duplicate_group",
    metadata,
    _work_key("work_id"),
    Column("group_id", Uuid, nullable=False),
)

pending_image = Table(
    "pending_image",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column("record_id", Uuid, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    _digest("manifest_sha256"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index(None, "expires_at"),
    *_checks(token_sha256=DIGEST, manifest_sha256=DIGEST),
)
"""Generated pictures that wait to be confirmed: erased when they are, or when their time is over."""

seen_picture = Table(
    "seen_picture",
    metadata,
    Column("record_id", Uuid, primary_key=True),
    Column("webp", LargeBinary, nullable=False),
)
"""Generated pictures that were handed out, small, by their record: what a stripped file is verified by."""

seen_vector = Table(
    "seen_vector",
    metadata,
    Column("record_id", Uuid, ForeignKey("seen_picture.record_id", ondelete="CASCADE"), primary_key=True),
    Column("spec_id", SmallInteger, ForeignKey("fingerprint_spec.spec_id"), primary_key=True, index=True),
    Column("phash", BIT(HASH_BITS), nullable=False),
    Column("pdq", BIT(HASH_BITS), nullable=False),
    Column("pdq_quality", SmallInteger, nullable=False),
    Column("complexity", Double, nullable=False),
    Column("copy", HALFVEC, nullable=False),
    Column("features", LargeBinary, nullable=False),
    *_checks(pdq_quality="{} BETWEEN 0 AND 100"),
)

opt_out = Table(
    "opt_out",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", LargeBinary, primary_key=True),
    Column("added_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    *_checks(kind="{} IN ('sha256', 'phash')", value=DIGEST),
)
"""Pictures that are never matched and never trained on: digests of bytes or pixels, and perceptual hashes."""

document = Table(
    "document",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    *_checks(digest=DIGEST),
)
"""Files that records name by digest: policies, descriptions of models, manifests."""

# --- projections: rebuilt from `entry` by projections.py --------------------------------------------------------------

claim_detail = Table(
    "claim_detail",
    metadata,
    Column("record_id", Uuid, primary_key=True),
    Column("party_id", Uuid, index=True),
    _digest("text_key", nullable=True),
    Column("text", Text),
    Column("measured", JSONB),
    *_checks(text_key=DIGEST, text=f"char_length({{}}) BETWEEN 1 AND {MAX_CLAIM_TEXT}"),
)
"""What claims, responses and resolutions say in words, which is personal and may be erased; and of a verdict, what was
measured on the pictures, which nobody can measure again without them."""

record = Table(
    "record",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", Uuid, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    _digest("subject_sha256"),
    _digest("pixel_sha256", nullable=True),
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
    *_checks(subject_sha256=DIGEST, pixel_sha256=DIGEST),
)

record_match = Table(
    "record_match",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("rank", SmallInteger, primary_key=True),
    Column("work_id", Uuid, nullable=False),
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
    _digest("sha256"),
    _digest("pixel_sha256"),
    Column("licence", Text, nullable=False),
    Column("allowed_uses", ARRAY(Text), nullable=False),
    Column("registration_record_id", Uuid, nullable=False),
    Column("registration_index", BigInteger, nullable=False, unique=True),
    _digest("registration_leaf_hash"),
    Column("last_change_index", BigInteger, nullable=False),
    Column("withdrawn_index", BigInteger),
    Index(None, "sha256"),
    Index(None, "pixel_sha256"),
    *_checks(sha256=DIGEST, pixel_sha256=DIGEST, registration_leaf_hash=DIGEST),
)

calibration = Table(
    "calibration",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", Uuid, nullable=False),
    _digest("digest"),
    _digest("spec"),
    Column("corpus_through", BigInteger, nullable=False),
    Column("corpus_works", BigInteger, nullable=False),
    Index(None, "digest"),
    *_checks(digest=DIGEST, spec=DIGEST),
)

key_event = Table(
    "key_event",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", Uuid, nullable=False),
    _digest("keyid"),
    Column("public_key", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("holder_id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Index(None, "keyid", "leaf_index"),
    *_checks(keyid=DIGEST),
)

projection_head = Table(
    "projection_head",
    metadata,
    Column("only_row", Boolean, primary_key=True),
    Column("next_index", BigInteger, nullable=False),
    Column("corpus_through", BigInteger, nullable=False),
    Column("corpus_works", BigInteger, nullable=False),
    *_checks(only_row="{}", next_index=NATURAL),
)


def index_name(column: str, spec_id: int) -> str:
    """Name of the HNSW index over a spec's vectors of one kind."""
    return f"{HNSW_PREFIX}{column}_{spec_id}"


LOG = (entry, log_head)
PRIMARY = (
    fingerprint_spec, artist, account, access_token, work_detail, work_vector, work_local, work_style, preview,
    calibration_file, duplicate_asked, duplicate_pair, duplicate_group, pending_image, seen_picture, seen_vector,
    document, opt_out, claim_detail,
)  # fmt: skip
PROJECTIONS = (record, record_match, work, calibration, key_event, projection_head)
