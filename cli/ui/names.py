"""Names where ids are asked for: taken by a command, said on stderr, completed by a shell.

Completion starts no database server. It asks the server that ARTLEDGER_DATABASE_URL names, or the embedded one while
it runs (`artledger serve`). `_` stands for a space and for what a shell would read as its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.ui.invocation import Invocation

if TYPE_CHECKING:
    from ledger.app import Application
    from ledger.flows.people.names import NameKind
    from ledger.storage.people.names import Named


def chosen_id(
    invocation: Invocation, application: Application, kind: NameKind, text: str, *, artist_id: str | None = None
) -> str:
    """The id that a text is or names, and a note on which it is. Raises as `Names.find` does."""
    chosen = application.people.names.find(kind, text, artist_id=artist_id)
    if chosen.name:
        invocation.out.note(f"{kind}: {chosen.name} ({chosen.id})")
    return chosen.id


def chosen_if_given(
    invocation: Invocation, application: Application, kind: NameKind, text: str | None, *, artist_id: str | None = None
) -> str | None:
    return None if text is None else chosen_id(invocation, application, kind, text, artist_id=artist_id)


def completes(kind: Named) -> Callable[[Invocation, str], list[str]]:
    """Completes the names and ids of a kind; to nothing where no database runs."""

    def complete(context: Invocation, incomplete: str) -> list[str]:
        with suppress(Exception), context.application() as application:
            names = application.store.names_at_hand
            found = [] if names is None else names.starting(kind, incomplete)
            return [each.id if each.id.startswith(incomplete or "-") else _typed(each.name) for each in found]
        return []

    return complete


def _typed(name: str) -> str:
    """The name as one types it in a shell without quotes."""
    return re.sub(r"[^\w.,+@-]", "_", name)


def _named(kind: Named, **settings: Any) -> Any:
    return typer.Argument(metavar=kind.upper(), autocompletion=completes(kind), **settings)


ArtistArgument = Annotated[str, _named("artist", help="The artist: a name or an id.")]
AccountArgument = Annotated[str, _named("account", help="The account: a name or an id.")]
WorkArgument = Annotated[str, _named("work", help="The work: a title or an id.")]
OfOption = Annotated[
    str | None,
    typer.Option(
        "--of",
        metavar="ARTIST",
        help="The work's artist, if several works have the title.",
        autocompletion=completes("artist"),
    ),
]
