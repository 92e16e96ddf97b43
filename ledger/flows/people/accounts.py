"""Accounts of artists, generators, auditors and administrators, and the tokens that identify their requests."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from typing import cast, get_args

from ledger.answers.people import AccountAnswer, AccountWithTokens, IssuedToken, TokenAnswer
from ledger.answers.roles import AccountRole
from ledger.errors import AccessError, ConflictError, InputError, NotFoundError
from ledger.flows.people.principal import SCOPES_OF_ROLE, Principal, Scope
from ledger.record.ids import new_id, parse_id
from ledger.record.times import format_time
from ledger.storage.people.accounts import AccountStore, StoredAccount, StoredToken, TokenCheck
from ledger.text import clean_text

DAY = 86_400.0
TOKEN_SECONDS = 90 * DAY
"""How long a token is valid by default."""
LONGEST_TOKEN_SECONDS = 366 * DAY
TOKEN_PATTERN = "^alt_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$"  # noqa: S105 - the form of a token, not one
TOKEN_ID_PATTERN = "^[0-9a-f]{32}$"  # noqa: S105
_TOKEN = re.compile(TOKEN_PATTERN[1:-1])


class Accounts:
    """Every method raises PushbackError when the database cannot be reached."""

    def __init__(self, store: AccountStore) -> None:
        self._store = store

    def create(self, role: AccountRole, name: str) -> AccountAnswer:
        """A new account. Raises InputError (`bad-role`, `bad-name`), ConflictError (`name-taken`) for an artist's."""
        if role not in get_args(AccountRole):
            raise InputError(
                f"{role!r} is not a role", code="bad-role", hint=f"One of: {', '.join(get_args(AccountRole))}"
            )
        shown = clean_text(name)
        if not shown:
            raise InputError("the name has no visible characters", code="bad-name")
        account_id = new_id()
        if not self._store.create(account_id, role, shown):
            raise ConflictError(
                f"another artist here has the name {shown!r}",
                code="name-taken",
                hint="If it is the same artist, make an account for the id: artledger accounts adopt ARTIST_ID",
            )
        return self.get(account_id)

    def adopt(self, artist_id: str) -> AccountAnswer:
        """An account for an artist whose works are registered already.

        Raises InputError (`bad-id`), NotFoundError (`artist-not-found`), ConflictError (`account-exists`).
        """
        if not self._store.adopt(parse_id(artist_id)):
            if self._store.get(artist_id) is not None:
                raise ConflictError(f"artist {artist_id} has an account", code="account-exists")
            raise NotFoundError(f"there is no artist {artist_id}", code="artist-not-found")
        return self.get(artist_id)

    def get(self, account_id: str) -> AccountAnswer:
        """Raises InputError (`bad-id`), NotFoundError (`account-not-found`)."""
        found = self._store.get(parse_id(account_id))
        if found is None:
            raise NotFoundError(f"there is no account {account_id}", code="account-not-found")
        return _account(found)

    def with_tokens(self, account_id: str) -> AccountWithTokens:
        """The account with all tokens that were issued, valid or not. Raises as `get` does."""
        return AccountWithTokens(**dict(self.get(account_id)), tokens=self.tokens(account_id))

    def names(self, ids: Iterable[str]) -> dict[str, str]:
        """Names of accounts and artists, by id: see AccountStore.names."""
        return self._store.names(ids)

    def page(self, *, after: str | None = None, limit: int = 50) -> tuple[AccountAnswer, ...]:
        """Accounts in the order of their creation, after the id `after`."""
        return tuple(map(_account, self._store.page(after=None if after is None else parse_id(after), limit=limit)))

    def disable(self, account_id: str) -> AccountAnswer:
        """Makes all tokens of the account invalid; no new token is issued. Raises as `get` does."""
        self.get(account_id)
        self._store.disable(account_id)
        return self.get(account_id)

    def issue_token(self, account_id: str, scopes: Iterable[Scope], expires_in: float = TOKEN_SECONDS) -> IssuedToken:
        """A token for these scopes, valid for `expires_in` seconds. Its secret is shown once; only its hash is stored.

        Raises InputError (`bad-scope`, `bad-lifetime`), ConflictError (`account-disabled`), and as `get` does.
        """
        owner = self.get(account_id)
        if owner.disabled_at is not None:
            raise ConflictError(f"account {account_id} is disabled", code="account-disabled")
        wanted = frozenset(scopes)
        allowed = SCOPES_OF_ROLE[owner.role]
        if not wanted or not wanted <= allowed:
            raise InputError(
                f"tokens of the role {owner.role} are not good for {', '.join(sorted(wanted - allowed)) or 'nothing'}",
                code="bad-scope",
                hint=f"One or more of: {', '.join(sorted(allowed))}",
            )
        if not 0 < expires_in <= LONGEST_TOKEN_SECONDS:
            raise InputError(
                "a token may be valid for at most 366 days, and for more than 0 seconds", code="bad-lifetime"
            )
        token_id = secrets.token_hex(16)  # never begins with "-": ids are typed as arguments of commands
        secret = f"alt_{token_id}_{secrets.token_urlsafe(32)}"
        stored = self._store.put_token(token_id, account_id, _digest(secret), wanted, expires_in)
        return IssuedToken(**dict(_token(stored)), secret=secret)

    def authenticate(self, secret: str) -> Principal:
        """The account that a token belongs to. Raises AccessError (`bad-token`), the same one for every cause."""
        return _principal(self._checked(secret))

    def token_id(self, secret: str) -> str:
        """The public part of a token that is good. Raises as `authenticate` does."""
        return self._checked(secret).token.token_id

    def holder(self, token_id: str) -> Principal:
        """Whose token it is, for those who have shown before that they have it. Raises as `authenticate` does."""
        known = self._store.check(token_id)
        if known is None or not known.token.good:
            raise _bad_token()
        return _principal(known)

    def _checked(self, secret: str) -> TokenCheck:
        match = _TOKEN.fullmatch(secret)
        known = self._store.check(match[1]) if match else None
        if known is None or not hmac.compare_digest(_digest(secret), known.secret_sha256) or not known.token.good:
            raise _bad_token()
        if known.use_unnoted:
            self._store.note_use(known.token.token_id)
        return known

    def tokens(self, account_id: str) -> tuple[TokenAnswer, ...]:
        """All tokens that were issued, valid or not. Raises as `get` does."""
        self.get(account_id)
        return tuple(map(_token, self._store.tokens(account_id)))

    def token(self, token_id: str) -> TokenAnswer:
        """Raises NotFoundError (`token-not-found`)."""
        known = self._store.check(token_id)
        if known is None:
            raise NotFoundError("there is no such token", code="token-not-found")
        return _token(known.token)

    def revoke_token(self, token_id: str) -> TokenAnswer:
        """Makes a token invalid from now on. Raises NotFoundError (`token-not-found`)."""
        self.token(token_id)
        self._store.revoke_token(token_id)
        return self.token(token_id)


def _principal(known: TokenCheck) -> Principal:
    # What the database holds was written by `issue_token`.
    role, scopes = cast(AccountRole, known.role), cast("tuple[Scope, ...]", known.token.scopes)
    return Principal(role, known.token.account_id, frozenset(scopes) & SCOPES_OF_ROLE[role])


def _bad_token() -> AccessError:
    return AccessError(
        "the token is unknown or no longer valid",
        code="bad-token",
        hint="Ask the administrator of this service for a new one.",
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _account(stored: StoredAccount) -> AccountAnswer:
    return AccountAnswer(
        account_id=stored.account_id,
        role=cast(AccountRole, stored.role),
        name=stored.name,
        created_at=format_time(stored.created_at),
        disabled_at=None if stored.disabled_at is None else format_time(stored.disabled_at),
    )


def _token(stored: StoredToken) -> TokenAnswer:
    return TokenAnswer(
        token_id=stored.token_id,
        account_id=stored.account_id,
        scopes=stored.scopes,
        created_at=format_time(stored.created_at),
        expires_at=format_time(stored.expires_at),
        last_used_at=None if stored.last_used_at is None else format_time(stored.last_used_at),
        revoked_at=None if stored.revoked_at is None else format_time(stored.revoked_at),
        good=stored.good,
    )
