"""`artledger corpus optout`: pictures that are never matched and never used for training."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.commands.artist_works import show_left
from cli.ui.errors import ExitCode
from cli.ui.files import is_file_name, read_bounded
from cli.ui.invocation import CommandGroup, Invocation

if TYPE_CHECKING:
    from ledger.answers.corpus import OptOutPlan
    from ledger.app import Application
    from ledger.match.optout import OptOut

PAGE = 1000
MAX_SHOWN = 50
NOTHING_DONE = "nothing was added to the list, and nothing was withdrawn"
HOW_TO_CONFIRM = "Check the works. Then answer yes, or add --yes."
Entries = Annotated[
    list[str],
    typer.Argument(
        metavar="ENTRY", help="A picture file, a SHA-256, or `look:` with 128 hex digits (pHash, then PDQ)."
    ),
]


group = CommandGroup("Pictures that are never matched and never used for training.", name="optout")


@group.add("artledger corpus optout add painting.jpg", "artledger corpus optout add sha256:9f86d0...")
def add(
    invocation: Invocation,
    entry: Entries,
    reason: Annotated[
        Literal["operator", "legal"], typer.Option(help="Reason for withdrawals, stated on the log.")
    ] = "operator",
    yes: Annotated[bool, typer.Option("--yes", help="Withdraw works without asking for confirmation.")] = False,
) -> ExitCode | None:
    """Put pictures on the opt-out list. From now on, they are not registered, matched or used for training.

    A file is listed by its bytes, its pixels and its appearance (pHash and PDQ together), also rotated and mirrored.

    Registered works that match an entry are withdrawn for good. The command shows them and asks first.
    """
    out = invocation.out
    with invocation.application() as application:
        files = [Path(word) for word in entry if is_file_name(word)]
        limit = application.settings.max_image_bytes
        plan = application.works.opting_out.plan(
            [_parsed(word) for word in entry if not is_file_name(word)],
            [read_bounded(path, limit, "a picture") for path in files],
        )
        if plan.would_withdraw and not yes and not _agreed(invocation, application, plan):
            return ExitCode.USAGE
        with invocation.progress() as progress:
            done = application.works.opting_out.add(plan, reason, progress)
            left = application.upkeep.disk_erasure.now() if done.withdrawn else ()
    show_left(out, left)
    out.document(done.to_json())
    out.line(f"Added {done.added:,} of {len(done.entries):,} entries; the others were on the list already", "good")
    for work_id in done.withdrawn:
        out.line(f"Withdrew work {work_id}")
    for work_id in done.mistaken:
        out.line(f"Not withdrawn, because it is another picture with similar hashes: work {work_id}")
    for work_id in done.also_named:
        out.line(f"Not withdrawn, because it was registered meanwhile: work {work_id}. Run the command again.", "bad")
    return None


def _agreed(invocation: Invocation, application: Application, plan: OptOutPlan) -> bool:
    """Shows the works that would be withdrawn, and asks on a terminal. If the answer is not yes, says that nothing was
    done."""
    from ledger.flows.works.opt_out import draw

    sheets = draw(plan, application.store.index, application.works.sheets)
    out = invocation.out
    refusal = {"code": "not-confirmed", "message": NOTHING_DONE, "hint": HOW_TO_CONFIRM}
    out.document({"error": refusal, **plan.to_json(), "sheets": [str(path) for path in sheets]})
    out.table(
        ("Title", "Artist", "Matched by", "Work"),
        [(each.title or "untitled", each.artist, each.because, each.work_id) for each in plan.would_withdraw],
        ids=("Work",),
    )
    for path in sheets:
        out.line(f"Pictures   {path}")
    answered = sys.stdin.isatty() and not out.json
    agreed = answered and typer.confirm(f"Withdraw these {len(plan.would_withdraw):,} works for good?", err=True)
    if answered:
        for path in sheets:
            path.unlink(missing_ok=True)
    if not agreed:
        out.error(NOTHING_DONE, hint=HOW_TO_CONFIRM)
    return agreed


@group.add("artledger corpus optout show --json")
def show(invocation: Invocation) -> None:
    """Show the opt-out list."""
    found: list[OptOut] = []
    with invocation.application() as application:
        after: str | None = None
        while True:
            page = application.works.opting_out.page(after=after, limit=PAGE)
            found += page.entries
            after = page.next_after
            if after is None:
                break
    out = invocation.out
    out.document({"entries": [{"kind": each.kind, "value": each.value} for each in found]})
    out.line(f"{len(found):,} entries", "strong")
    for each in found[:MAX_SHOWN]:
        out.line(f"{each.kind}:{each.value}")
    if len(found) > MAX_SHOWN:
        out.line(f"and {len(found) - MAX_SHOWN:,} more: --json lists them all", "quiet")


@group.add("artledger corpus optout remove painting.jpg")
def remove(invocation: Invocation, entry: Entries) -> None:
    """Remove pictures from the opt-out list. Withdrawn works stay withdrawn, but can be registered again."""
    with invocation.application() as application:
        removed = application.works.opting_out.remove(_entries(application, entry))
    invocation.out.document({"removed": removed})
    invocation.out.line(f"Removed {removed:,} entries from the list", "good")


def _entries(application: Application, words: Sequence[str]) -> list[OptOut]:
    limit = application.settings.max_image_bytes
    found: list[OptOut] = []
    for word in words:
        if is_file_name(word):
            found += application.works.opting_out.of_picture(read_bounded(Path(word), limit, "a picture"))
        else:
            found.append(_parsed(word))
    return found


def _parsed(word: str) -> OptOut:
    from ledger.flows.works.opt_out import parse_opt_out

    return parse_opt_out(word)
