"""Works' embeddings of style, beside their vectors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "work_style",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("spec_id", sa.SmallInteger(), nullable=False),
        sa.Column("clip", HALFVEC(), nullable=False),
        sa.Column("vae", HALFVEC(), nullable=False),
        sa.ForeignKeyConstraint(
            ["work_id", "spec_id"],
            ["work_vector.work_id", "work_vector.spec_id"],
            name=op.f("fk_work_style_work_id_spec_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("work_id", "spec_id", name=op.f("pk_work_style")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON work_style TO artledger_service")


def downgrade() -> None:
    op.drop_table("work_style")
