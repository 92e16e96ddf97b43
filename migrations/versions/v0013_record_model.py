"""The model of a generation, so that uses are found by generator."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# It is in the exact bytes of the log: a base64 payload in the envelope's JSON.
_PAYLOAD = "convert_from(decode(convert_from(e.envelope, 'UTF8')::jsonb ->> 'payload', 'base64'), 'UTF8')::jsonb"


def upgrade() -> None:
    op.add_column("record", sa.Column("model_id", sa.Uuid()))
    op.execute(
        f"UPDATE record r SET model_id = ({_PAYLOAD} #>> '{{predicate,model,model_id}}')::uuid"  # noqa: S608
        " FROM entry e WHERE e.leaf_index = r.leaf_index AND r.kind = 'generation'"
    )


def downgrade() -> None:
    op.drop_column("record", "model_id")
