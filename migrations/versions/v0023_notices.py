"""Where claims stand, what accounts are told, webhooks, sessions, proven domains."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_PROJECTED = ("claim", "claim_party", "notice")
_KEPT = ("webhook", "webhook_delivery", "found_copy", "session", "verified_domain")


def upgrade() -> None:
    _make_projections()
    _make_webhooks()
    _make_sessions()
    _make_domains()
    op.create_index(
        op.f("ix_record_model_id_leaf_index"),
        "record",
        ["model_id", "leaf_index"],
        postgresql_where=sa.text("model_id IS NOT NULL"),
    )
    op.add_column("account", sa.Column("read_through", sa.BigInteger(), nullable=False, server_default="-1"))
    for table in (*_PROJECTED, *_KEPT):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO artledger_service")
    for table in _PROJECTED:
        op.execute(f"GRANT TRUNCATE ON {table} TO artledger_service")
    # The new projections are empty: the log is projected anew, before anything is read.
    op.execute(
        "TRUNCATE record, record_match, work, calibration, key_event, projection_head, claim, claim_party, notice"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_record_model_id_leaf_index"), "record")
    op.drop_column("account", "read_through")
    for table in (*reversed(_KEPT), *reversed(_PROJECTED)):
        op.drop_table(table)


def _make_projections() -> None:
    op.create_table(
        "claim",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("payload_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("claimant_id", sa.Uuid(), nullable=False),
        sa.Column("works", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("contested", sa.Boolean(), nullable=False),
        sa.Column("answered_index", sa.BigInteger(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("overturned", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_claim")),
        sa.UniqueConstraint("payload_sha256", name=op.f("uq_claim_payload_sha256")),
        sa.CheckConstraint("octet_length(payload_sha256) = 32", name=op.f("ck_claim_payload_sha256")),
    )
    op.create_index(op.f("ix_claim_claimant_id_leaf_index"), "claim", ["claimant_id", "leaf_index"])
    op.create_index(op.f("ix_claim_works"), "claim", ["works"], postgresql_using="gin")
    op.create_table(
        "claim_party",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("claim_index", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "claim_index", name=op.f("pk_claim_party")),
    )
    op.create_index(op.f("ix_claim_party_claim_index"), "claim_party", ["claim_index"])
    op.create_table(
        "notice",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "leaf_index", name=op.f("pk_notice")),
    )


def _make_webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_webhook")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], ondelete="CASCADE", name=op.f("fk_webhook_account_id")
        ),
        sa.CheckConstraint("char_length(url) <= 2000", name=op.f("ck_webhook_url")),
        sa.CheckConstraint("octet_length(secret) = 32", name=op.f("ck_webhook_secret")),
    )
    op.create_index(op.f("ix_webhook_account_id"), "webhook", ["account_id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("webhook_id", "leaf_index", name=op.f("pk_webhook_delivery")),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhook.webhook_id"],
            ondelete="CASCADE",
            name=op.f("fk_webhook_delivery_webhook_id"),
        ),
    )
    op.create_index(op.f("ix_webhook_delivery_next_try_at"), "webhook_delivery", ["next_try_at"])
    op.create_table(
        "found_copy",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "leaf_index", name=op.f("pk_found_copy")),
    )


def _make_sessions() -> None:
    op.create_table(
        "session",
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("secret_sha256", name=op.f("pk_session")),
        sa.ForeignKeyConstraint(
            ["token_id"], ["access_token.token_id"], ondelete="CASCADE", name=op.f("fk_session_token_id")
        ),
        sa.CheckConstraint("octet_length(secret_sha256) = 32", name=op.f("ck_session_secret_sha256")),
    )
    op.create_index(op.f("ix_session_token_id"), "session", ["token_id"])


def _make_domains() -> None:
    op.create_table(
        "verified_domain",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("domain_key", sa.LargeBinary(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "domain", name=op.f("pk_verified_domain")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.account_id"],
            ondelete="CASCADE",
            name=op.f("fk_verified_domain_account_id"),
        ),
        sa.CheckConstraint("char_length(domain) BETWEEN 1 AND 253", name=op.f("ck_verified_domain_domain")),
        sa.CheckConstraint("octet_length(domain_key) = 32", name=op.f("ck_verified_domain_domain_key")),
    )
