"""People: who they are, by what they are known, and what they said. All of it may be erased."""

from __future__ import annotations

from sqlalchemy import ARRAY, Column, DateTime, ForeignKey, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from ledger.storage.tables.columns import DIGEST, checks, digest, metadata
from ledger.text import DEFAULT_LIMIT

MAX_CLAIM_TEXT = 4000
"""Characters of what a claim, a response or a resolution says."""

artist = Table(
    "artist",
    metadata,
    Column("artist_id", Uuid, primary_key=True),
    Column("name", Text, unique=True),
    *checks(name=f"char_length({{}}) BETWEEN 1 AND {DEFAULT_LIMIT}"),
)
"""A person who was erased has no name any more; records go on naming the id."""

account = Table(
    "account",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("disabled_at", DateTime(timezone=True)),
    *checks(
        role="{} IN ('artist', 'generator', 'auditor', 'administrator')",
        name=f"char_length({{0}}) <= {DEFAULT_LIMIT} AND (role <> 'artist' OR {{0}} = '')",
    ),
)
"""Who may do what. An artist's account has the id of the `artist` row, which has the name: it stands in one place."""

access_token = Table(
    "access_token",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("account_id", Uuid, ForeignKey("account.account_id", ondelete="CASCADE"), nullable=False, index=True),
    digest("secret_sha256"),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    *checks(secret_sha256=DIGEST),
)

claim_detail = Table(
    "claim_detail",
    metadata,
    Column("record_id", Uuid, primary_key=True),
    Column("party_id", Uuid, index=True),
    digest("text_key", nullable=True),
    Column("text", Text),
    Column("measured", JSONB),
    *checks(text_key=DIGEST, text=f"char_length({{}}) BETWEEN 1 AND {MAX_CLAIM_TEXT}"),
)
"""What claims, responses and resolutions say in words, which is personal and may be erased; and of a verdict, what was
measured on the pictures, which nobody can measure again without them."""
