"""Copies within the corpus: which works were compared, which pairs were found, which works form a group."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("duplicate_asked", "duplicate_pair", "duplicate_group")


def upgrade() -> None:
    op.create_table(
        "duplicate_asked",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("calibration", sa.LargeBinary(), nullable=False),
        sa.Column("not_comparable", sa.Text(), nullable=True),
        _work("duplicate_asked", "work_id"),
        sa.PrimaryKeyConstraint("work_id", name=op.f("pk_duplicate_asked")),
        sa.CheckConstraint("octet_length(calibration) = 32", name=op.f("ck_duplicate_asked_calibration")),
    )
    op.create_table(
        "duplicate_pair",
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("calibration", sa.LargeBinary(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("found", JSONB(), nullable=False),
        _work("duplicate_pair", "first_id"),
        _work("duplicate_pair", "second_id"),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_duplicate_pair")),
        sa.CheckConstraint("octet_length(calibration) = 32", name=op.f("ck_duplicate_pair_calibration")),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_duplicate_pair_second_id")),
    )
    op.create_index(op.f("ix_duplicate_pair_second_id"), "duplicate_pair", ["second_id"])
    op.create_table(
        "duplicate_group",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        _work("duplicate_group", "work_id"),
        sa.PrimaryKeyConstraint("work_id", name=op.f("pk_duplicate_group")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(TABLES)} TO artledger_service")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)


def _work(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["work_detail.work_id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )
