"""`artledger artist`: artists, their works, what they allow, and where their works came up."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands import artist_uses, artist_works
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.names import ArtistArgument, chosen_id

LimitOption = Annotated[int, typer.Option(min=1, max=200, help="How many to list.")]


group = CommandGroup("Artists: their works, what they allow, and where their works came up.", name="artist")


@group.add("artledger artist list", "artledger artist list --after M --json", name="list")
def list_artists(
    invocation: Invocation,
    *,
    after: Annotated[str | None, typer.Option(metavar="NAME", help="Continue after this name.")] = None,
    limit: LimitOption = 50,
) -> None:
    """List artists in the order of their names."""
    with invocation.application() as application:
        page = application.works.catalogue.artists(after=after, limit=limit)
    out = invocation.out
    out.document(page.to_json())
    rows = [(each.name, f"{each.works:,}", each.artist_id) for each in page.artists]
    out.table(("Name", "Works", "Artist"), rows, right=("Works",), ids=("Artist",))
    out.more(page.next_after)


@group.add("artledger artist works 'Ada Example'", "artledger artist works ID --limit 200 --json")
def works(
    invocation: Invocation,
    artist: ArtistArgument,
    *,
    after: Annotated[int, typer.Option(min=-1, help="Continue after this log entry.")] = -1,
    limit: LimitOption = 50,
) -> None:
    """List an artist's works in the order of their registration."""
    with invocation.application() as application:
        artist_id = chosen_id(invocation, application, "artist", artist)
        page = application.works.catalogue.works(artist_id, after=after, limit=limit)
    out = invocation.out
    out.document(page.to_json())
    rows = [
        (
            each.title or "untitled",
            "withdrawn" if each.withdrawn else each.licence,
            "" if each.withdrawn else ", ".join(each.allowed_uses) or "none",
            each.work_id,
        )
        for each in page.works
    ]
    out.table(("Title", "Licence", "Allowed uses", "Work"), rows, ids=("Work",))
    for each in page.works:
        for said in each.file_terms:
            out.line(f"{each.title or 'untitled'}: its file says {said.says}", "quiet")
    out.more(page.next_after)


for part in (artist_works, artist_uses):
    group.add_typer(part.group)
