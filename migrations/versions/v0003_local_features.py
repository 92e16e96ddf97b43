"""Works' local features, beside their vectors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "work_local",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("spec_id", sa.SmallInteger(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["work_id", "spec_id"],
            ["work_vector.work_id", "work_vector.spec_id"],
            name=op.f("fk_work_local_work_id_spec_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("work_id", "spec_id", name=op.f("pk_work_local")),
    )
    # Descriptors hardly compress: trying to would cost more time than it saves space.
    op.execute("ALTER TABLE work_local ALTER COLUMN features SET STORAGE EXTERNAL")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON work_local TO artledger_service")


def downgrade() -> None:
    op.drop_table("work_local")
