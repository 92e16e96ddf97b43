"""People: their names, accounts, tokens and texts. All of it may be erased."""

from __future__ import annotations

from sqlalchemy import ARRAY, Column, DateTime, ForeignKey, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from ledger.storage.tables.columns import DIGEST, checks, digest, metadata
from ledger.text import DEFAULT_LIMIT

MAX_CLAIM_TEXT = 4000
"""Largest number of characters in the text of a claim, a response or a resolution."""

artist = Table(
    "artist",
    metadata,
    Column("artist_id", Uuid, primary_key=True),
    Column("name", Text, unique=True),
    *checks(name=f"char_length({{}}) BETWEEN 1 AND {DEFAULT_LIMIT}"),
)
"""An erased person has no name; records still contain the id."""

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
"""Accounts and their roles. An artist's account has the id of the `artist` row, which alone stores the name."""

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
"""Texts of claims, responses and resolutions, which are personal and may be erased; for a verdict, the measurements of
the pictures, which nobody can repeat without them."""
