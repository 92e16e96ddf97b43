"""Classifiers of labels beside that of artists, and what reports say beside a record's artist reference."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rename("artist_model", "classifier")
    op.add_column("classifier", sa.Column("kind", sa.Text(), nullable=False, server_default="artist"))
    op.alter_column("classifier", "kind", server_default=None)
    op.create_unique_constraint(op.f("uq_classifier_kind"), "classifier", ["kind"])
    op.create_table(
        "likeness",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("said", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_likeness")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON likeness TO artledger_service")


def downgrade() -> None:
    op.drop_table("likeness")
    op.execute("DELETE FROM classifier WHERE kind <> 'artist'")
    op.drop_constraint(op.f("uq_classifier_kind"), "classifier")
    op.drop_column("classifier", "kind")
    _rename("classifier", "artist_model")


def _rename(old: str, new: str) -> None:
    """The table and its constraints, whose names contain its own. PostgreSQL 18 also names those of NOT NULL."""
    op.rename_table(old, new)
    op.execute(
        f"""DO $$ DECLARE found text; BEGIN
        FOR found IN SELECT conname FROM pg_constraint
            WHERE conrelid = '{new}'::regclass AND position('{old}' IN conname) > 0
        LOOP EXECUTE format('ALTER TABLE {new} RENAME CONSTRAINT %I TO %I', found, replace(found, '{old}', '{new}'));
        END LOOP; END $$"""  # noqa: S608 - our own text
    )
