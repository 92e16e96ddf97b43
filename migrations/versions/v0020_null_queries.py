"""Works that stand for unrelated pictures, as queries, and what aligning them with other artists' works said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "null_query",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("spec_id", sa.SmallInteger(), nullable=False),
        sa.Column("edits", sa.SmallInteger(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        _of_vector("null_query"),
        sa.PrimaryKeyConstraint("work_id", "spec_id", name=op.f("pk_null_query")),
    )
    op.create_table(
        "null_pair",
        sa.Column("query_id", sa.Uuid(), nullable=False),
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("spec_id", sa.SmallInteger(), nullable=False),
        sa.Column("rule", sa.LargeBinary(), nullable=False),
        sa.Column("evidence", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["query_id", "spec_id"],
            ["null_query.work_id", "null_query.spec_id"],
            name=op.f("fk_null_pair_query_id_spec_id"),
            ondelete="CASCADE",
        ),
        _of_vector("null_pair"),
        sa.PrimaryKeyConstraint("query_id", "work_id", "spec_id", name=op.f("pk_null_pair")),
        sa.CheckConstraint("octet_length(rule) = 32", name=op.f("ck_null_pair_rule")),
    )
    op.create_index(op.f("ix_null_pair_work_id_spec_id"), "null_pair", ["work_id", "spec_id"])
    for table in ("null_query", "null_pair"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO artledger_service")


def _of_vector(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["work_id", "spec_id"],
        ["work_vector.work_id", "work_vector.spec_id"],
        name=op.f(f"fk_{table}_work_id_spec_id"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    op.drop_table("null_pair")
    op.drop_table("null_query")
