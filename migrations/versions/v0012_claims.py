"""Texts of claims, and measurements for their verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claim_detail",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("text_key", sa.LargeBinary(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("measured", postgresql.JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_claim_detail")),
        sa.CheckConstraint("octet_length(text_key) = 32", name=op.f("ck_claim_detail_text_key")),
        sa.CheckConstraint("char_length(text) BETWEEN 1 AND 4000", name=op.f("ck_claim_detail_text")),
    )
    op.create_index(op.f("ix_claim_detail_party_id"), "claim_detail", ["party_id"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON claim_detail TO artledger_service")


def downgrade() -> None:
    op.drop_table("claim_detail")
