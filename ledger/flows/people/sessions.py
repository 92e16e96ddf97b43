"""Signing in with a token, so that a browser need not keep the token: it gets a session's secret instead."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from ledger.errors import AccessError
from ledger.flows.people.accounts import Accounts
from ledger.flows.people.principal import Principal
from ledger.storage.people.sessions import SessionStore

SESSION_SECONDS = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class Sessions:
    """A session may do what its token may, as long as the token is good. Only digests of secrets are stored."""

    store: SessionStore
    accounts: Accounts

    def sign_in(self, token: str) -> str:
        """The secret of a new session. Raises AccessError (`bad-token`)."""
        token_id = self.accounts.token_id(token)
        secret = secrets.token_urlsafe(32)
        self.store.put(_digest(secret), token_id, SESSION_SECONDS)
        return secret

    def principal(self, secret: str) -> Principal | None:
        """Who is signed in; None where the session has ended, or its token is no longer good."""
        token_id = self.store.token_of(_digest(secret))
        if token_id is None:
            return None
        try:
            return self.accounts.holder(token_id)
        except AccessError:
            return None

    def sign_out(self, secret: str) -> None:
        self.store.end(_digest(secret))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
