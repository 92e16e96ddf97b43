"""The first schema: the log, primary data beside it, and projections of the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import BIT, HALFVEC
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    _create_entry()
    _create_log_head()
    _create_fingerprint_spec()
    _create_artist()
    _create_work_detail()
    _create_work_vector()
    _create_preview()
    _create_calibration_file()
    _create_record()
    _create_record_match()
    _create_work()
    _create_calibration()
    _create_key_event()
    _create_projection_head()


def downgrade() -> None:
    raise RuntimeError("there is nothing before the first schema of an append-only log")


def _create_entry() -> None:
    op.create_table(
        "entry",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("appended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dedup_key", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_entry")),
        sa.UniqueConstraint("dedup_key", name=op.f("uq_entry_dedup_key")),
        sa.UniqueConstraint("record_id", name=op.f("uq_entry_record_id")),
        sa.CheckConstraint("octet_length(dedup_key) = 32", name=op.f("ck_entry_dedup_key")),
        sa.CheckConstraint("octet_length(envelope) BETWEEN 1 AND 65535", name=op.f("ck_entry_envelope")),
        sa.CheckConstraint("octet_length(leaf_hash) = 32", name=op.f("ck_entry_leaf_hash")),
        sa.CheckConstraint("leaf_index >= 0", name=op.f("ck_entry_leaf_index")),
    )
    # Envelopes of a few kilobytes are stored in their row: compressing base64 costs time and saves little.
    op.execute("ALTER TABLE entry SET (toast_tuple_target = 8160)")


def _create_log_head() -> None:
    op.create_table(
        "log_head",
        sa.Column("only_row", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("edge", sa.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("only_row", name=op.f("pk_log_head")),
        sa.CheckConstraint("only_row", name=op.f("ck_log_head_only_row")),
        sa.CheckConstraint("origin <> ''", name=op.f("ck_log_head_origin")),
        sa.CheckConstraint("octet_length(root) = 32", name=op.f("ck_log_head_root")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_log_head_size")),
    )


def _create_fingerprint_spec() -> None:
    op.create_table(
        "fingerprint_spec",
        sa.Column("spec_id", sa.SmallInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("document", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("spec_id", name=op.f("pk_fingerprint_spec")),
        sa.UniqueConstraint("digest", name=op.f("uq_fingerprint_spec_digest")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_fingerprint_spec_digest")),
    )


def _create_artist() -> None:
    op.create_table(
        "artist",
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("artist_id", name=op.f("pk_artist")),
        sa.UniqueConstraint("name", name=op.f("uq_artist_name")),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 300", name=op.f("ck_artist_name")),
    )


def _create_work_detail() -> None:
    op.create_table(
        "work_detail",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("labels", JSONB(), nullable=False),
        sa.Column("metadata_key", sa.LargeBinary(), nullable=True),
        sa.Column("metadata", JSONB(), nullable=True),
        sa.ForeignKeyConstraint(["artist_id"], ["artist.artist_id"], name=op.f("fk_work_detail_artist_id")),
        sa.PrimaryKeyConstraint("work_id", name=op.f("pk_work_detail")),
        sa.UniqueConstraint("source_name", "source_key", name=op.f("uq_work_detail_source_name_source_key")),
        sa.CheckConstraint("octet_length(metadata_key) = 32", name=op.f("ck_work_detail_metadata_key")),
        sa.CheckConstraint("char_length(title) <= 300", name=op.f("ck_work_detail_title")),
    )
    op.create_index(op.f("ix_work_detail_artist_id"), "work_detail", ["artist_id"])


def _create_work_vector() -> None:
    op.create_table(
        "work_vector",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("spec_id", sa.SmallInteger(), nullable=False),
        sa.Column("phash", BIT(256), nullable=False),
        sa.Column("pdq", BIT(256), nullable=False),
        sa.Column("pdq_quality", sa.SmallInteger(), nullable=False),
        sa.Column("complexity", sa.Double(), nullable=False),
        sa.Column("copy", HALFVEC(), nullable=False),
        sa.ForeignKeyConstraint(["spec_id"], ["fingerprint_spec.spec_id"], name=op.f("fk_work_vector_spec_id")),
        sa.ForeignKeyConstraint(
            ["work_id"], ["work_detail.work_id"], name=op.f("fk_work_vector_work_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("work_id", "spec_id", name=op.f("pk_work_vector")),
        sa.CheckConstraint("pdq_quality BETWEEN 0 AND 100", name=op.f("ck_work_vector_pdq_quality")),
    )
    op.create_index(op.f("ix_work_vector_spec_id"), "work_vector", ["spec_id"])


def _create_preview() -> None:
    op.create_table(
        "preview",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("webp", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["work_id"], ["work_detail.work_id"], name=op.f("fk_preview_work_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("work_id", name=op.f("pk_preview")),
    )


def _create_calibration_file() -> None:
    op.create_table(
        "calibration_file",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_calibration_file")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_calibration_file_digest")),
    )


def _create_record() -> None:
    op.create_table(
        "record",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("pixel_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("generated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("work_id", sa.Uuid(), nullable=True),
        sa.Column("artist_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_record")),
        sa.UniqueConstraint("record_id", name=op.f("uq_record_record_id")),
        sa.CheckConstraint("octet_length(pixel_sha256) = 32", name=op.f("ck_record_pixel_sha256")),
        sa.CheckConstraint("octet_length(subject_sha256) = 32", name=op.f("ck_record_subject_sha256")),
    )
    op.create_index(
        op.f("ix_record_artist_id_leaf_index"),
        "record",
        ["artist_id", "leaf_index"],
        postgresql_where=sa.text("artist_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_record_kind_leaf_index"), "record", ["kind", "leaf_index"])
    op.create_index(op.f("ix_record_pixel_sha256_leaf_index"), "record", ["pixel_sha256", "leaf_index"])
    op.create_index(op.f("ix_record_subject_sha256_leaf_index"), "record", ["subject_sha256", "leaf_index"])
    op.create_index(
        op.f("ix_record_work_id_leaf_index"),
        "record",
        ["work_id", "leaf_index"],
        postgresql_where=sa.text("work_id IS NOT NULL"),
    )


def _create_record_match() -> None:
    op.create_table(
        "record_match",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("p_value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", "rank", name=op.f("pk_record_match")),
    )
    op.create_index(op.f("ix_record_match_artist_id_leaf_index"), "record_match", ["artist_id", "leaf_index"])
    op.create_index(op.f("ix_record_match_work_id_leaf_index"), "record_match", ["work_id", "leaf_index"])


def _create_work() -> None:
    op.create_table(
        "work",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("pixel_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("allowed_uses", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("registration_record_id", sa.Uuid(), nullable=False),
        sa.Column("registration_index", sa.BigInteger(), nullable=False),
        sa.Column("registration_leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("last_change_index", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_index", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("work_id", name=op.f("pk_work")),
        sa.UniqueConstraint("registration_index", name=op.f("uq_work_registration_index")),
        sa.CheckConstraint("octet_length(pixel_sha256) = 32", name=op.f("ck_work_pixel_sha256")),
        sa.CheckConstraint("octet_length(registration_leaf_hash) = 32", name=op.f("ck_work_registration_leaf_hash")),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_work_sha256")),
    )
    op.create_index(op.f("ix_work_artist_id"), "work", ["artist_id"])
    op.create_index(op.f("ix_work_pixel_sha256"), "work", ["pixel_sha256"])
    op.create_index(op.f("ix_work_sha256"), "work", ["sha256"])


def _create_calibration() -> None:
    op.create_table(
        "calibration",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("spec", sa.LargeBinary(), nullable=False),
        sa.Column("corpus_through", sa.BigInteger(), nullable=False),
        sa.Column("corpus_works", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_calibration")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_calibration_digest")),
        sa.CheckConstraint("octet_length(spec) = 32", name=op.f("ck_calibration_spec")),
    )
    op.create_index(op.f("ix_calibration_digest"), "calibration", ["digest"])


def _create_key_event() -> None:
    op.create_table(
        "key_event",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("keyid", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_key_event")),
        sa.CheckConstraint("octet_length(keyid) = 32", name=op.f("ck_key_event_keyid")),
    )
    op.create_index(op.f("ix_key_event_keyid_leaf_index"), "key_event", ["keyid", "leaf_index"])


def _create_projection_head() -> None:
    op.create_table(
        "projection_head",
        sa.Column("only_row", sa.Boolean(), nullable=False),
        sa.Column("next_index", sa.BigInteger(), nullable=False),
        sa.Column("corpus_through", sa.BigInteger(), nullable=False),
        sa.Column("corpus_works", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("only_row", name=op.f("pk_projection_head")),
        sa.CheckConstraint("next_index >= 0", name=op.f("ck_projection_head_next_index")),
        sa.CheckConstraint("only_row", name=op.f("ck_projection_head_only_row")),
    )
