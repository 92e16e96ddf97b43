"""Second views of works with transparency, beside their vectors. Works registered before have none until a refresh."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import BIT, HALFVEC

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "second_view",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("spec_id", sa.SmallInteger(), nullable=False),
        sa.Column("phash", BIT(256), nullable=False),
        sa.Column("pdq", BIT(256), nullable=False),
        sa.Column("pdq_quality", sa.SmallInteger(), nullable=False),
        sa.Column("complexity", sa.Double(), nullable=False),
        sa.Column("copy", HALFVEC(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.Column("webp", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["spec_id"], ["fingerprint_spec.spec_id"], name=op.f("fk_second_view_spec_id")),
        sa.ForeignKeyConstraint(
            ["work_id", "spec_id"],
            ["work_vector.work_id", "work_vector.spec_id"],
            name=op.f("fk_second_view_work_id_spec_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("work_id", "spec_id", name=op.f("pk_second_view")),
        sa.CheckConstraint("pdq_quality BETWEEN 0 AND 100", name=op.f("ck_second_view_pdq_quality")),
    )
    op.create_index(op.f("ix_second_view_spec_id"), "second_view", ["spec_id"])
    # As in work_local and preview: neither compresses, and outside the row they do not slow scans down.
    op.execute("ALTER TABLE second_view ALTER COLUMN features SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE second_view ALTER COLUMN webp SET STORAGE EXTERNAL")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON second_view TO artledger_service")


def downgrade() -> None:
    op.drop_table("second_view")
