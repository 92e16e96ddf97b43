"""Accounts, the tokens by which their requests are known, and the keys that their holders announce."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, computed_field

from ledger.answers.answer import Answer
from ledger.answers.roles import AccountRole
from ledger.record.predicates import Role


class AccountAnswer(Answer):
    """An account, and its keys' holder: `account_id` is `holder_id` in `key` records, and an artist's `artist_id`."""

    account_id: str
    role: AccountRole
    name: str
    created_at: str
    disabled_at: str | None


class TokenAnswer(Answer):
    """A token without its secret, which nobody has but its holder."""

    token_id: str
    account_id: str
    scopes: tuple[str, ...]
    created_at: str
    expires_at: str
    last_used_at: str | None
    """To the minute."""
    revoked_at: str | None
    good: bool


class IssuedToken(TokenAnswer):
    """A new token, with its secret."""

    secret: str = Field(repr=False)
    """What goes into `Authorization: Bearer`: shown here and never again."""


class AccountWithTokens(AccountAnswer):
    tokens: tuple[TokenAnswer, ...]


class KeyAnswer(Answer):
    """A key that the log announced, at the log's present end."""

    keyid: str
    public_key: str
    """Raw, in hex."""
    role: Role
    holder_id: str
    leaf_index: int
    """Of its announcement."""
    revoked_index: int | None
    """Of its revocation: what it signs from there on does not count."""
    signs: bool
    """Whether this installation signs records with it."""

    @computed_field  # type: ignore[prop-decorator]  # mypy sees no property below another decorator
    @property
    def state(self) -> Literal["good", "revoked", "signs"]:
        if self.revoked_index is not None:
            return "revoked"
        return "signs" if self.signs else "good"


class DomainChallenge(Answer):
    """What to publish in order to prove a domain: `text`, as the file at `url` or as a TXT record of `dns_name`."""

    domain: str
    url: str
    dns_name: str
    text: str


class VerifiedDomain(Answer):
    """A domain that named the account when it was looked at."""

    domain: str
    checked_at: str
    record_id: str


class DomainList(Answer):
    domains: tuple[VerifiedDomain, ...]


class Keys(Answer):
    keys: tuple[KeyAnswer, ...]
