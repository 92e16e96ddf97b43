"""The keys that are valid now, by holder. Each append reads and updates them.

Statements of earlier versions name no log and are no longer read, so there is nothing to fill in.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holder_key",
        sa.Column("keyid", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("keyid", name=op.f("pk_holder_key")),
        sa.CheckConstraint("octet_length(keyid) = 32", name=op.f("ck_holder_key_keyid")),
    )
    op.create_index(op.f("ix_holder_key_holder_id"), "holder_key", ["holder_id"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON holder_key TO artledger_service")


def downgrade() -> None:
    op.drop_table("holder_key")
