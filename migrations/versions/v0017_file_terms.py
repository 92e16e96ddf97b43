"""What a work's own file states of its uses, as it was read at registration. Earlier works have no statement."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "work_detail", sa.Column("file_terms", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'"))
    )


def downgrade() -> None:
    op.drop_column("work_detail", "file_terms")
