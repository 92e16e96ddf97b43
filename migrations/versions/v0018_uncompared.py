"""Works that their artists registered and that were not compared with those of others yet. Earlier works are none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "uncompared_work",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["work_id"],
            ["work_detail.work_id"],
            name=op.f("fk_uncompared_work_work_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("work_id", name=op.f("pk_uncompared_work")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON uncompared_work TO artledger_service")


def downgrade() -> None:
    op.drop_table("uncompared_work")
