"""`artledger artist`: what the people whose works are registered decide, and what comes back to them."""

from __future__ import annotations

from cli.commands import artist_uses as uses
from cli.commands import artist_works as registration
from cli.ui.invocation import CommandGroup


def register(app: CommandGroup) -> None:
    group = CommandGroup(
        "Artists: what they allow, where their works came up, and statements that count it.", name="artist"
    )
    registration.add_to(group)
    uses.add_to(group)
    app.add_typer(group)
