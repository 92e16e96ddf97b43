"""Documents that records name by digest: policies, descriptions of models, manifests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "digest", name=op.f("pk_document")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_document_digest")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON document TO artledger_service")


def downgrade() -> None:
    op.drop_table("document")
