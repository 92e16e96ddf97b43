"""Generated pictures that wait for their requester's confirmation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pending_image",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("manifest_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_pending_image")),
        sa.CheckConstraint("octet_length(manifest_sha256) = 32", name=op.f("ck_pending_image_manifest_sha256")),
        sa.CheckConstraint("octet_length(token_sha256) = 32", name=op.f("ck_pending_image_token_sha256")),
    )
    op.create_index(op.f("ix_pending_image_expires_at"), "pending_image", ["expires_at"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON pending_image TO artledger_service")


def downgrade() -> None:
    op.drop_table("pending_image")
