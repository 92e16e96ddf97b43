"""How works are drawn, and the classifier of artists that is trained on it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "work_hand",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("spec_id", sa.SmallInteger(), nullable=False),
        sa.Column("hand", sa.LargeBinary(), nullable=False),
        sa.Column("technique", sa.LargeBinary(), nullable=False),
        sa.Column("depths", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["work_id", "spec_id"],
            ["work_vector.work_id", "work_vector.spec_id"],
            name=op.f("fk_work_hand_work_id_spec_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("work_id", "spec_id", name=op.f("pk_work_hand")),
        sa.CheckConstraint("octet_length(hand) = 32", name=op.f("ck_work_hand_hand")),
    )
    op.create_table(
        "artist_model",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("artists", ARRAY(sa.Uuid()), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("report", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_artist_model")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_artist_model_digest")),
    )
    for table in ("work_hand", "artist_model"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO artledger_service")


def downgrade() -> None:
    op.drop_table("artist_model")
    op.drop_table("work_hand")
