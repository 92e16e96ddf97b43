"""The JSON of `/v1/accounts` and `/v1/keys`, closed as in schemas.py."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas import Closed, HexDigest, IdText
from ledger.flows.people.accounts import LONGEST_TOKEN_SECONDS, TOKEN_SECONDS
from ledger.flows.people.principal import AccountRole, Scope
from ledger.record.predicates import KeyEvent, Role

_ACCOUNT = "01890a5d-ac96-774b-bcce-b302099a8060"


class AccountRequest(Closed):
    """A new account. Artists' names are unique."""

    model_config = ConfigDict(strict=True, json_schema_extra={"example": {"role": "artist", "name": "Ada Example"}})

    role: AccountRole
    name: Annotated[str, Field(max_length=1000)]


class TokenRequest(Closed):
    """A token for these scopes, which the account's role must allow; good for `expires_in` seconds."""

    model_config = ConfigDict(strict=True, json_schema_extra={"example": {"scopes": ["works", "claims"]}})

    scopes: Annotated[list[Scope], Field(min_length=1, max_length=20)]
    expires_in: Annotated[float, Field(gt=0, le=LONGEST_TOKEN_SECONDS)] = TOKEN_SECONDS


class TokenBody(Closed):
    """A token without its secret. `last_used_at` is true to the minute."""

    token_id: str
    account_id: str
    scopes: list[str]
    created_at: str
    expires_at: str
    last_used_at: str | None
    revoked_at: str | None
    good: bool


class IssuedTokenBody(TokenBody):
    """With the secret, which goes into `Authorization: Bearer`: here and never again."""

    secret: str


class AccountBody(Closed):
    """An account. `account_id` is an artist's `artist_id`, and `holder_id` in `key` records."""

    account_id: str
    role: AccountRole
    name: str
    created_at: str
    disabled_at: str | None


class AccountWithTokensBody(AccountBody):
    tokens: list[TokenBody]


class KeyRequest(Closed):
    """Asks for the payload that announces a key (`prepare`). `replaces`: key id, for `rotated` alone."""

    model_config = ConfigDict(
        strict=True, json_schema_extra={"example": {"public_key": "3d" * 32, "event": "added", "replaces": None}}
    )

    public_key: HexDigest
    event: KeyEvent = "added"
    replaces: HexDigest | None = None


class PayloadBody(Closed):
    """What is to be signed: `payload` in base64, over DSSE's pre-authentication encoding (`artledger keys sign`)."""

    payload: str
    payload_type: Literal["application/vnd.in-toto+json"]


class KeyBody(Closed):
    """A key that the log announces. `revoked_index`: from that leaf on, what it signs does not count."""

    keyid: str
    public_key: str
    role: Role
    holder_id: str
    leaf_index: int
    revoked_index: int | None
    state: Literal["good", "revoked", "signs"]


class KeysBody(Closed):
    keys: list[KeyBody]


class KeyFilter(Closed):
    holder_id: Annotated[IdText, Field(description="An account's id.", examples=[_ACCOUNT])]
