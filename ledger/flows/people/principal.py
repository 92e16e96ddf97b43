"""Who sends a request, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from ledger.answers.roles import AccountRole
from ledger.errors import AccessError

Scope = Literal["works", "claims", "keys", "generations", "verifications", "resolutions", "accounts"]

SCOPES: tuple[Scope, ...] = get_args(Scope)
SCOPES_OF_ROLE: Mapping[AccountRole, frozenset[Scope]] = {
    "artist": frozenset({"works", "claims", "keys", "verifications"}),
    "generator": frozenset({"generations", "claims", "keys", "verifications"}),
    "auditor": frozenset({"resolutions", "keys", "verifications"}),
    "administrator": frozenset({"accounts", "works", "verifications"}),
}
"""The scopes that a role's tokens may have. `keys` stands alone, so that a stolen token for works cannot add a key."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sends a request. `account_id` is None for the public, and for the person at this machine."""

    role: AccountRole | Literal["public"]
    account_id: str | None = None
    scopes: frozenset[Scope] = frozenset()

    @property
    def is_local(self) -> bool:
        """Whether this is the person at this machine, who administers the data folder."""
        return self.role == "administrator" and self.account_id is None

    def require_scope(self, scope: Scope) -> None:
        """Raises AccessError (`scope-missing`)."""
        if scope not in self.scopes:
            raise AccessError(
                f"this token is not good for {scope}",
                code="scope-missing",
                hint=f"Get one that is: artledger accounts token ACCOUNT --scope {scope}",
            )

    def require_account(self, account_id: str) -> None:
        """Checks that the account is the principal's own, or that the principal is the person at this machine.

        Raises AccessError (`wrong-account`).
        """
        if not self.is_local and self.account_id != account_id:
            raise AccessError(f"account {account_id} is not yours", code="wrong-account")


PUBLIC = Principal("public")
LOCAL = Principal("administrator", scopes=frozenset(SCOPES))
"""The machine's owner, who may use the data folder. The command line acts as this principal; so does HTTP, for the
requests that api/http/edge.py recognises."""
