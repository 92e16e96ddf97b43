"""`artledger accounts`: who may use the HTTP service, and their access tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.names import AccountArgument, ArtistArgument, chosen_id, completes
from ledger.answers.roles import AccountRole
from ledger.flows.people.principal import SCOPES, Scope
from ledger.record.keyid import short_keyid

if TYPE_CHECKING:
    from cli.ui.output import Output
    from ledger.answers.people import AccountAnswer

DAYS = 90.0
SECONDS_OF_DAY = 86_400.0


group = CommandGroup("Create accounts and access tokens for the HTTP service.", name="accounts")


@group.add("artledger accounts create 'Ada Example' --role artist")
def create(
    invocation: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name to show. Two artists cannot have the same name.")],
    role: Annotated[AccountRole, typer.Option(help="What the account is for.")],
) -> None:
    """Create an account for an artist, the operator of a generator, an auditor or an administrator."""
    with invocation.application() as application:
        account = application.people.accounts.create(role, name)
    _finish(invocation.out, account, "Created")


@group.add("artledger accounts adopt 'Ada Example'")
def adopt(invocation: Invocation, artist: ArtistArgument) -> None:
    """Create an account for an artist whose works are already registered.

    Check who the person is before you hand over the account.
    """
    with invocation.application() as application:
        account = application.people.accounts.adopt(chosen_id(invocation, application, "artist", artist))
    _finish(invocation.out, account, "Created")


@group.add("artledger accounts show", "artledger accounts show 'Ada Example'")
def show(
    invocation: Invocation,
    account: Annotated[
        str | None,
        typer.Argument(
            metavar="ACCOUNT",
            help="Show this account with its tokens and keys: a name or an id.",
            autocompletion=completes("account"),
        ),
    ] = None,
) -> None:
    """List all accounts, or show one account with its tokens and keys."""
    if account is None:
        _list(invocation)
        return
    with invocation.application() as application:
        account_id = chosen_id(invocation, application, "account", account)
        found = application.people.accounts.with_tokens(account_id)
        keys = application.people.keys.states(account_id)
    out = invocation.out
    out.document(found.to_json() | {"keys": [key.to_json() for key in keys]})
    out.line(f"{found.role} {found.name or '(name erased)'}", "strong")
    out.line(f"Account    {found.account_id}, created {found.created_at}")
    if found.disabled_at is not None:
        out.line(f"Disabled   {found.disabled_at}", "bad")
    for key in keys:
        out.line(f"Key        {short_keyid(key.keyid)}: {key.state}, announced in log entry {key.leaf_index:,}")
    rows = [
        (
            each.token_id,
            ", ".join(each.scopes),
            "valid" if each.good else "ended",
            each.expires_at,
            each.last_used_at or "never",
        )
        for each in found.tokens
    ]
    if rows:
        out.table(("Token", "Scopes", "State", "Expires", "Last used"), rows, ids=("Token",))


@group.add("artledger accounts token 'Ada Example' --scope works --scope claims --days 30")
def token(
    invocation: Invocation,
    account: AccountArgument,
    scope: Annotated[
        list[str],
        typer.Option(
            metavar="SCOPE",
            help=f"What the token allows: {', '.join(SCOPES)}. May be repeated.",
            autocompletion=lambda: list(SCOPES),
        ),
    ],
    days: Annotated[float, typer.Option(help="How long the token is valid, in days. At most 366.")] = DAYS,
) -> None:
    """Issue an access token for an account.

    The token is printed once. Artledger keeps only its digest.
    """
    with invocation.application() as application:
        account_id = chosen_id(invocation, application, "account", account)
        issued = application.people.accounts.issue_token(account_id, cast("list[Scope]", scope), days * SECONDS_OF_DAY)
    out = invocation.out
    out.document(issued.to_json())
    out.line(issued.secret)
    out.note(f"Allows {', '.join(issued.scopes)} until {issued.expires_at}. It is not shown again.")


@group.add("artledger accounts revoke TOKEN")
def revoke(
    invocation: Invocation,
    token_id: Annotated[
        str, typer.Argument(metavar="TOKEN", help="Id of a token, as `accounts show ACCOUNT` lists it.")
    ],
) -> None:
    """Revoke a token. It stops working at once."""
    with invocation.application() as application:
        ended = application.people.accounts.revoke_token(token_id)
    invocation.out.document(ended.to_json())
    invocation.out.line(f"Revoked token {ended.token_id}", "good")


@group.add("artledger accounts disable 'Ada Example'")
def disable(invocation: Invocation, account: AccountArgument) -> None:
    """Disable an account. Its tokens stop working. Its log entries stay."""
    with invocation.application() as application:
        found = application.people.accounts.disable(chosen_id(invocation, application, "account", account))
    _finish(invocation.out, found, "Disabled")


def _list(invocation: Invocation) -> None:
    found: list[AccountAnswer] = []
    with invocation.application() as application:
        while page := application.people.accounts.page(after=found[-1].account_id if found else None, limit=500):
            found += page
    invocation.out.document({"accounts": [each.to_json() for each in found]})
    rows = [
        (each.name or "(name erased)", each.role, "disabled" if each.disabled_at else "", each.account_id)
        for each in found
    ]
    invocation.out.table(("Name", "Role", "State", "Account"), rows, ids=("Account",))


def _finish(out: Output, account: AccountAnswer, done: str) -> None:
    out.document(account.to_json())
    out.line(f"{done} the account of {account.role} {account.name or '(name erased)'}", "good")
    out.line(f"Account    {account.account_id}")
