"""A match has a row for each registration that it names, because several artists may have registered one picture."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KEY = "pk_record_match"


def upgrade() -> None:
    op.drop_constraint(_KEY, "record_match", type_="primary")
    op.create_primary_key(_KEY, "record_match", ["leaf_index", "rank", "work_id"])


def downgrade() -> None:
    op.execute(
        "DELETE FROM record_match m USING record_match other WHERE m.leaf_index = other.leaf_index"
        " AND m.rank = other.rank AND m.work_id > other.work_id"
    )
    op.drop_constraint(_KEY, "record_match", type_="primary")
    op.create_primary_key(_KEY, "record_match", ["leaf_index", "rank"])
