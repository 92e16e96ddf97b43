"""Accounts and tokens: shown once, stored hashed, good for their scopes until they expire or are revoked."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest

from ledger.answers.roles import AccountRole
from ledger.errors import AccessError, ConflictError, InputError, LedgerError, NotFoundError
from ledger.flows.people.accounts import TOKEN_PATTERN, Accounts
from ledger.flows.people.principal import LOCAL, SCOPES_OF_ROLE
from ledger.record.ids import new_id
from ledger.storage.database import Database
from ledger.storage.people.accounts import AccountStore
from tests.applications import query


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(AccountStore(database))


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as caught:
        call()
    return caught.value.code


def test_a_token_is_known_by_its_secret_and_nothing_else(accounts: Accounts, database_url: str) -> None:
    ada = accounts.create("artist", "Ada")
    issued = accounts.issue_token(ada.account_id, ["works", "claims"])
    assert re.fullmatch(TOKEN_PATTERN, issued.secret)
    principal = accounts.authenticate(issued.secret)
    assert (principal.role, principal.account_id) == ("artist", ada.account_id)
    assert principal.scopes == {"works", "claims"}
    [stored] = query(database_url, "SELECT * FROM access_token")
    secret = issued.secret[-43:]
    assert secret not in repr(stored), "only its digest is kept"
    assert secret not in repr(issued), "nor does it show where a token is printed"
    forged = issued.secret[:-1] + ("A" if issued.secret[-1] != "A" else "B")
    other = accounts.issue_token(ada.account_id, ["works"]).secret
    for wrong in (forged, "", "alt_", issued.secret + "x", issued.secret[:26] + other[26:], issued.secret.upper()):
        assert code_of(partial(accounts.authenticate, wrong)) == "bad-token"


def test_tokens_end(accounts: Accounts, database_url: str) -> None:
    ada = accounts.create("auditor", "Ada")
    expired, revoked, disabled = (accounts.issue_token(ada.account_id, ["resolutions"]) for _ in range(3))
    query(
        database_url,
        "UPDATE access_token SET expires_at = now() WHERE token_id = %s",
        expired.token_id,
    )
    assert code_of(lambda: accounts.authenticate(expired.secret)) == "bad-token"
    assert accounts.revoke_token(revoked.token_id).revoked_at is not None
    assert code_of(lambda: accounts.authenticate(revoked.secret)) == "bad-token"
    assert accounts.authenticate(disabled.secret).account_id == ada.account_id
    assert accounts.disable(ada.account_id).disabled_at is not None
    assert code_of(lambda: accounts.authenticate(disabled.secret)) == "bad-token"
    assert code_of(lambda: accounts.issue_token(ada.account_id, ["resolutions"])) == "account-disabled"
    assert [token.good for token in accounts.tokens(ada.account_id)] == [False] * 3


def test_the_last_use_is_shown_and_written_once_a_minute(accounts: Accounts, database_url: str) -> None:
    issued = accounts.issue_token(accounts.create("generator", "G").account_id, ["generations"])
    assert issued.last_used_at is None
    accounts.authenticate(issued.secret)
    first = accounts.token(issued.token_id).last_used_at
    assert first is not None
    accounts.authenticate(issued.secret)
    assert accounts.token(issued.token_id).last_used_at == first
    query(database_url, "UPDATE access_token SET last_used_at = last_used_at - interval '61 seconds'")
    accounts.authenticate(issued.secret)
    assert (accounts.token(issued.token_id).last_used_at or "") >= first


@pytest.mark.parametrize("role", SCOPES_OF_ROLE)
def test_scopes_are_those_of_the_role(accounts: Accounts, role: AccountRole) -> None:
    account = accounts.create(role, "Somebody")
    allowed = SCOPES_OF_ROLE[role]
    principal = accounts.authenticate(accounts.issue_token(account.account_id, allowed).secret)
    assert principal.scopes == allowed
    for scope in LOCAL.scopes - allowed:
        assert code_of(partial(accounts.issue_token, account.account_id, [scope])) == "bad-scope"
        with pytest.raises(AccessError):
            principal.require_scope(scope)
    assert code_of(lambda: accounts.issue_token(account.account_id, [])) == "bad-scope"


@pytest.mark.parametrize("seconds", [0.0, -1.0, 367 * 86_400.0, float("nan"), float("inf")])
def test_lifetimes(accounts: Accounts, seconds: float) -> None:
    account_id = accounts.create("artist", "Ada").account_id
    assert code_of(lambda: accounts.issue_token(account_id, ["works"], seconds)) == "bad-lifetime"


def test_names(accounts: Accounts) -> None:
    assert accounts.create("artist", " <b>Ada</b>\u202e\x07 \n").name == "<b>Ada</b>", "escaped where it is shown"
    assert code_of(lambda: accounts.create("artist", "<b>Ada</b>")) == "name-taken"
    assert accounts.create("auditor", "<b>Ada</b>").name == "<b>Ada</b>"
    assert code_of(lambda: accounts.create("artist", "\u200b\u202e")) == "bad-name"
    with pytest.raises(InputError):
        accounts.create("root", "Ada")  # type: ignore[arg-type]  # as a request may say


def test_an_artist_of_the_corpus_gets_an_account(accounts: Accounts, database_url: str) -> None:
    artist_id = new_id()
    query(database_url, "INSERT INTO artist VALUES (%s, 'Vincent')", artist_id)
    with pytest.raises(ConflictError):
        accounts.create("artist", "Vincent")
    assert accounts.adopt(artist_id).name == "Vincent"
    assert code_of(lambda: accounts.adopt(artist_id)) == "account-exists"
    with pytest.raises(NotFoundError):
        accounts.adopt(new_id())


def test_accounts_are_listed_in_pages(accounts: Accounts) -> None:
    made = [accounts.create("artist", f"Artist {number}") for number in range(5)]
    assert accounts.page(limit=2) == tuple(made[:2])
    assert accounts.page(after=made[1].account_id) == tuple(made[2:])
    with pytest.raises(NotFoundError):
        accounts.get(new_id())
