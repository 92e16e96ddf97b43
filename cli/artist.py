"""`artledger artist`: what comes back to the people whose works are registered."""

from __future__ import annotations

from cli import uses
from cli.invocation import CommandGroup


def register(app: CommandGroup) -> None:
    group = CommandGroup("Artists: where their works came up, and statements that count it.", name="artist")
    uses.add_to(group)
    app.add_typer(group)
