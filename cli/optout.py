"""`artledger corpus optout`: pictures that are never matched and never trained on."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.files import is_file_name, read_bounded
from cli.invocation import CommandGroup, Invocation

if TYPE_CHECKING:
    from ledger.bootstrap import Application
    from ledger.corpus.optout import OptOut

PAGE = 1000
MAX_SHOWN = 50
Entries = Annotated[
    list[str],
    typer.Argument(metavar="ENTRY", help="A picture's file, a SHA-256, or phash: and 64 hexadecimal digits."),
]


class Why(StrEnum):
    """As a withdrawal's reason."""

    OPERATOR = "operator"
    LEGAL = "legal"


def add(
    invocation: Invocation,
    entry: Entries,
    reason: Annotated[Why, typer.Option(help="Of the withdrawals that follow, on the log.")] = Why.OPERATOR,
) -> None:
    """Put pictures on the opt-out list: ingest, matching and training leave them out from now on.

    A file is listed by its bytes, its pixels and what it looks like, turned and mirrored too. Registered works that an
    entry names are withdrawn, which is final.
    """
    with invocation.application() as application, invocation.progress() as progress:
        done = application.opting_out.add(_entries(application, entry), reason.value, progress)
    out = invocation.out
    if out.json:
        out.document(done.to_json())
    out.line(f"{done.added:,} of {len(done.entries):,} entries are new on the list", "good")
    for work_id in done.withdrawn:
        out.line(f"Withdrawn: work {work_id}")


def show(invocation: Invocation) -> None:
    """Print the opt-out list."""
    found: list[OptOut] = []
    with invocation.application() as application:
        after: str | None = None
        while True:
            page = application.opting_out.page(after=after, limit=PAGE)
            found += page.entries
            after = page.next_after
            if after is None:
                break
    out = invocation.out
    if out.json:
        out.document({"entries": [{"kind": each.kind, "value": each.value} for each in found]})
    out.line(f"{len(found):,} entries", "strong")
    for each in found[:MAX_SHOWN]:
        out.line(f"{each.kind}:{each.value}")
    if len(found) > MAX_SHOWN:
        out.line(f"and {len(found) - MAX_SHOWN:,} more: --json lists them all", "quiet")


def remove(invocation: Invocation, entry: Entries) -> None:
    """Take pictures off the opt-out list. What was withdrawn stays withdrawn, and may be registered anew."""
    with invocation.application() as application:
        removed = application.opting_out.remove(_entries(application, entry))
    if invocation.json:
        invocation.out.document({"removed": removed})
    invocation.out.line(f"{removed:,} entries are off the list", "good")


def _entries(application: Application, words: Sequence[str]) -> list[OptOut]:
    from ledger.flows.optout import parse_opt_out

    limit = application.settings.max_image_bytes
    found: list[OptOut] = []
    for word in words:
        if is_file_name(word):
            found += application.opting_out.of_picture(read_bounded(Path(word), limit, "a picture"))
        else:
            found.append(parse_opt_out(word))
    return found


def add_to(app: CommandGroup) -> None:
    """Puts the group into `artledger corpus`."""
    group = CommandGroup("Pictures that are never matched and never trained on.", name="optout")
    group.add(
        add, examples=["artledger corpus optout add painting.jpg", "artledger corpus optout add sha256:9f86d0..."]
    )
    group.add(show, examples=["artledger corpus optout show --json"])
    group.add(remove, examples=["artledger corpus optout remove painting.jpg"])
    app.add_typer(group)
