"""People: their names, accounts, tokens and texts. All of it may be erased."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from ledger.storage.tables.columns import DIGEST, checks, digest, metadata
from ledger.text import DEFAULT_LIMIT

MAX_CLAIM_TEXT = 4000
"""Largest number of characters in the text of a claim, a response or a resolution."""

MAX_WEBHOOK_URL = 2000
"""Characters."""

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
    Column("read_through", BigInteger, nullable=False, server_default="-1"),
    *checks(
        role="{} IN ('artist', 'generator', 'auditor', 'administrator')",
        name=f"char_length({{0}}) <= {DEFAULT_LIMIT} AND (role <> 'artist' OR {{0}} = '')",
    ),
)
"""Accounts and their roles. An artist's account has the id of the `artist` row, which alone stores the name.
`read_through`: the newest log entry that the account's holder has read a notice of."""

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

session = Table(
    "session",
    metadata,
    Column("secret_sha256", LargeBinary, primary_key=True),
    Column("token_id", Text, ForeignKey("access_token.token_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    *checks(secret_sha256=DIGEST),
)
"""Browsers that are signed in with a token. They may do what the token may, as long as it is good."""

webhook = Table(
    "webhook",
    metadata,
    Column("webhook_id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("account.account_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("disabled_at", DateTime(timezone=True)),
    Column("problem", Text),
    *checks(url=f"char_length({{}}) <= {MAX_WEBHOOK_URL}", secret=DIGEST),
)
"""Addresses that are sent an account's notices. `problem`: why the last delivery failed."""

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("webhook_id", Uuid, ForeignKey("webhook.webhook_id", ondelete="CASCADE"), primary_key=True),
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
    Column("tries", SmallInteger, nullable=False),
    Column("next_try_at", DateTime(timezone=True), nullable=False, index=True),
)
"""Notices that still have to be sent."""

found_copy = Table(
    "found_copy",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
)
"""Notices that no entry tells: another artist's registration, in this entry, is an edited copy of a work of the
account's. Comparing found it."""

verified_domain = Table(
    "verified_domain",
    metadata,
    Column("account_id", Uuid, ForeignKey("account.account_id", ondelete="CASCADE"), primary_key=True),
    Column("domain", Text, primary_key=True),
    Column("record_id", Uuid, nullable=False),
    digest("domain_key"),
    Column("checked_at", DateTime(timezone=True), nullable=False),
    *checks(domain="char_length({}) BETWEEN 1 AND 253", domain_key=DIGEST),
)
"""Domains that account holders proved to be theirs. The log has a commitment to each; `domain_key` opens it."""

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
