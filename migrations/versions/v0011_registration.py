"""Registrations by artists: credit lines of works, artists whose names were erased, the opt-out list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CREDIT = ("credit_line", "link", "terms")


def upgrade() -> None:
    op.alter_column("artist", "name", nullable=True)
    for name in CREDIT:
        op.add_column("work_detail", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.create_table(
        "opt_out",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_opt_out")),
        sa.CheckConstraint("kind IN ('sha256', 'phash')", name=op.f("ck_opt_out_kind")),
        sa.CheckConstraint("octet_length(value) = 32", name=op.f("ck_opt_out_value")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON opt_out TO artledger_service")


def downgrade() -> None:
    op.drop_table("opt_out")
    for name in CREDIT:
        op.drop_column("work_detail", name)
    op.execute("UPDATE artist SET name = 'erased ' || artist_id WHERE name IS NULL")
    op.alter_column("artist", "name", nullable=False)
