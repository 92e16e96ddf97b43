"""Generated pictures that can be recognised: their fingerprints, and local features for verification."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import BIT, HALFVEC

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("seen_picture", "seen_vector")


def upgrade() -> None:
    op.create_table(
        "seen_picture",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("webp", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_seen_picture")),
    )
    op.create_table(
        "seen_vector",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("spec_id", sa.SmallInteger(), nullable=False),
        sa.Column("phash", BIT(256), nullable=False),
        sa.Column("pdq", BIT(256), nullable=False),
        sa.Column("pdq_quality", sa.SmallInteger(), nullable=False),
        sa.Column("complexity", sa.Double(), nullable=False),
        sa.Column("copy", HALFVEC(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["seen_picture.record_id"],
            name=op.f("fk_seen_vector_record_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["spec_id"], ["fingerprint_spec.spec_id"], name=op.f("fk_seen_vector_spec_id")),
        sa.PrimaryKeyConstraint("record_id", "spec_id", name=op.f("pk_seen_vector")),
        sa.CheckConstraint("pdq_quality BETWEEN 0 AND 100", name=op.f("ck_seen_vector_pdq_quality")),
    )
    op.create_index(op.f("ix_seen_vector_spec_id"), "seen_vector", ["spec_id"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(TABLES)} TO artledger_service")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
