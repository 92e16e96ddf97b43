"""`artledger accounts`: who may do what over HTTP, and the tokens by which that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli.ui.invocation import CommandGroup, Invocation
from ledger.flows.people.principal import AccountRole, Scope

if TYPE_CHECKING:
    from cli.ui.output import Output
    from ledger.flows.people.accounts import AccountAnswer

DAYS = 90.0
SECONDS_OF_DAY = 86_400.0
AccountId = Annotated[str, typer.Argument(metavar="ACCOUNT", help="An account's id; an artist's is the artist's id.")]


def create(
    invocation: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As it is shown. Artists' names are unique.")],
    role: Annotated[AccountRole, typer.Option(help="What the account is for.")],
) -> None:
    """Make an account for an artist, a generator's operator, an auditor or an administrator."""
    with invocation.application() as application:
        account = application.people.accounts.create(role, name)
    _finish(invocation.out, account, "is made")


def adopt(
    invocation: Invocation,
    artist: Annotated[str, typer.Argument(metavar="ARTIST", help="The id of an artist with registered works.")],
) -> None:
    """Give an account to an artist whose works are registered already. Make sure who it is that you give it to."""
    with invocation.application() as application:
        account = application.people.accounts.adopt(artist)
    _finish(invocation.out, account, "is made")


def show(
    invocation: Invocation,
    account: Annotated[str | None, typer.Argument(metavar="ACCOUNT", help="One account, with tokens and keys.")] = None,
) -> None:
    """List all accounts; or show one with its tokens, their last use, and its keys."""
    if account is None:
        _list(invocation)
        return
    with invocation.application() as application:
        found, tokens = application.people.accounts.get(account), application.people.accounts.tokens(account)
        keys = application.people.keys.states(account)
    out = invocation.out
    document = found.to_json() | {"tokens": [each.to_json() for each in tokens]}
    out.document(document | {"keys": [key.to_json() for key in keys]})
    out.line(f"{found.role} {found.name or '(erased)'}, id {found.account_id}, since {found.created_at}", "strong")
    if found.disabled_at is not None:
        out.line(f"Disabled    {found.disabled_at}", "bad")
    rows = [
        (
            each.token_id,
            ", ".join(each.scopes),
            "good" if each.good else "ended",
            each.expires_at,
            each.last_used_at or "never",
        )
        for each in tokens
    ]
    if rows:
        out.table(("Token", "Scopes", "State", "Expires", "Last used"), rows)
    for key in keys:
        out.line(f"Key  {key.keyid}  {key.state}, announced by leaf {key.leaf_index}")


def token(
    invocation: Invocation,
    account: AccountId,
    scope: Annotated[list[str], typer.Option(help="What the token is good for; may be given several times.")],
    days: Annotated[float, typer.Option(help="How long it is good, at most 366.")] = DAYS,
) -> None:
    """Issue a token for an account. It is printed once; only its digest is kept."""
    with invocation.application() as application:
        issued = application.people.accounts.issue_token(account, cast("list[Scope]", scope), days * SECONDS_OF_DAY)
    out = invocation.out
    out.document(issued.to_json())
    out.line(issued.secret)
    out.note(f"good for {', '.join(issued.token.scopes)} until {issued.token.expires_at}; it is not shown again")


def revoke(
    invocation: Invocation,
    token_id: Annotated[
        str, typer.Argument(metavar="TOKEN", help="A token's id, as `accounts show ACCOUNT` lists it.")
    ],
) -> None:
    """Revoke a token at once."""
    with invocation.application() as application:
        ended = application.people.accounts.revoke_token(token_id)
    invocation.out.document(ended.to_json())
    invocation.out.line(f"Token {ended.token_id} is revoked", "good")


def disable(invocation: Invocation, account: AccountId) -> None:
    """Disable an account: none of its tokens is good any more. What it put on the log stays."""
    with invocation.application() as application:
        found = application.people.accounts.disable(account)
    _finish(invocation.out, found, "is disabled")


def _list(invocation: Invocation) -> None:
    found: list[AccountAnswer] = []
    with invocation.application() as application:
        while page := application.people.accounts.page(after=found[-1].account_id if found else None, limit=500):
            found += page
    invocation.out.document({"accounts": [each.to_json() for each in found]})
    rows = [
        (each.name or "(erased)", each.role, "disabled" if each.disabled_at else "", each.account_id) for each in found
    ]
    invocation.out.table(("Name", "Role", "", "Account"), rows)


def _finish(out: Output, account: AccountAnswer, what: str) -> None:
    out.document(account.to_json())
    out.line(f"The account of {account.role} {account.name} {what}", "good")
    out.line(f"Account  {account.account_id}")


def register(app: CommandGroup) -> None:
    group = CommandGroup("Accounts and their tokens.", name="accounts")
    group.add(create, examples=["artledger accounts create 'Ada Example' --role artist"])
    group.add(adopt, examples=["artledger accounts adopt 01890a5d-ac96-774b-bcce-b302099a8059"])
    group.add(show, examples=["artledger accounts show", "artledger accounts show ACCOUNT"])
    group.add(token, examples=["artledger accounts token ACCOUNT --scope works --scope claims --days 30"])
    group.add(revoke, examples=["artledger accounts revoke TOKEN"])
    group.add(disable, examples=["artledger accounts disable ACCOUNT"])
    app.add_typer(group)
