"""An artist asks to be erased. Nobody else can: where there is a key, it must have withdrawn the works and itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ledger.answers.corpus import ErasureSummary
from ledger.errors import AccessError, InputError
from ledger.flows.people.accounts import Accounts
from ledger.flows.people.erase import PersonErasure
from ledger.flows.people.principal import Principal
from ledger.flows.records.log_keys import LogKeys


@dataclass(frozen=True, slots=True)
class ErasingOneself:
    accounts: Accounts
    keys: LogKeys
    erasure: Callable[[], PersonErasure]

    def erase(self, artist_id: str, name: str, principal: Principal) -> ErasureSummary:
        """Erases everything personal that is kept of the artist. `name`: their own, so that nobody does it by mistake.

        A stolen token is not enough: as long as the artist has a valid key, it is refused. The key's holder revokes it
        first, with its signature. Raises AccessError (`wrong-account`, `scope-missing`, `signature-required`),
        InputError (`other-name`), and as `PersonErasure.erase` does.
        """
        principal.require_account(artist_id)
        principal.require_scope("works")
        if self.accounts.get(artist_id).name != name:
            raise InputError("this is not the name of the account", code="other-name", hint="Write it as it is shown.")
        if self.keys.good_keys("artist", artist_id):
            raise AccessError(
                "the account has a key, whose signature would be needed",
                code="signature-required",
                hint="Revoke the key first, signed with it: POST /v1/keys. Then ask again.",
            )
        return self.erasure().erase(artist_id)
