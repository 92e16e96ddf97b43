"""Opt-outs by both perceptual hashes, pHash and PDQ. Entries with a pHash alone are dropped."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


LENGTH = "octet_length(value) = CASE kind WHEN 'look' THEN 64 ELSE 32 END"


def upgrade() -> None:
    _change("phash", "kind IN ('sha256', 'look')", LENGTH)


def downgrade() -> None:
    _change("look", "kind IN ('sha256', 'phash')", "octet_length(value) = 32")


def _change(dropped: str, kind: str, value: str) -> None:
    op.execute(f"DELETE FROM opt_out WHERE kind = '{dropped}'")  # noqa: S608 - our own words
    for name, rule in (("kind", kind), ("value", value)):
        op.drop_constraint(op.f(f"ck_opt_out_{name}"), "opt_out")
        op.create_check_constraint(op.f(f"ck_opt_out_{name}"), "opt_out", rule)
