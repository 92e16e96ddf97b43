"""Who is signed in, as the pages of the desk show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request, Response

from api.http.access import Caller
from api.http.context import Context
from api.http.session import session_secret
from api.pages.views import page
from ledger.answers.people import AccountAnswer, KeyAnswer


@dataclass(frozen=True, slots=True)
class Visitor:
    account: AccountAnswer
    keys: Sequence[KeyAnswer]

    @property
    def keyids(self) -> tuple[str, ...]:
        """Of the keys that are valid."""
        return tuple(key.keyid for key in self.keys if key.state != "revoked")


def visitor_of(here: Context, caller: Caller) -> Visitor | None:
    """None where nobody is signed in. The machine's owner has no account."""
    if caller.account_id is None:
        return None
    people = here.application.people
    return Visitor(people.accounts.get(caller.account_id), people.keys.states(caller.account_id))


def sign_in_page(request: Request, said: str = "", status: int = 200, following: str | None = None) -> Response:
    """Asks to sign in, and leads back to where the visitor was going."""
    if not said and session_secret(request) is not None:
        said = "You were signed out: the session has ended. Sign in again."
    if following is None:
        following = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    answer = page("desk/sign-in.html", status, said=said, next=following)
    answer.headers["Cache-Control"] = "no-store"
    return answer
