"""`artledger corpus optout`: pictures that are never matched and never trained on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.ui.errors import ExitCode
from cli.ui.files import is_file_name, read_bounded
from cli.ui.invocation import CommandGroup, Invocation

if TYPE_CHECKING:
    from ledger.app import Application
    from ledger.flows.works.opt_out import OptOutPlan
    from ledger.match.optout import OptOut

PAGE = 1000
MAX_SHOWN = 50
NOTHING_DONE = "nothing was listed and nothing withdrawn"
HOW_TO_CONFIRM = "look at the works; then answer yes, or give --yes"
Entries = Annotated[
    list[str],
    typer.Argument(metavar="ENTRY", help="A picture's file, a SHA-256, or look: and 128 hex digits (pHash, then PDQ)."),
]


class Why(StrEnum):
    """As a withdrawal's reason."""

    OPERATOR = "operator"
    LEGAL = "legal"


def add(
    invocation: Invocation,
    entry: Entries,
    reason: Annotated[Why, typer.Option(help="Of the withdrawals that follow, on the log.")] = Why.OPERATOR,
    yes: Annotated[bool, typer.Option("--yes", help="Withdraw the works that are named without asking.")] = False,
) -> ExitCode | None:
    """Put pictures on the opt-out list: ingest, matching and training leave them out from now on.

    A file is listed by its bytes, its pixels and what it looks like (pHash and PDQ together), turned and mirrored too.
    Registered works that an entry names, or that are verified in the file by aligning the two, are withdrawn, which is
    final: the command shows them and asks.
    """
    out = invocation.out
    with invocation.application() as application:
        files = [Path(word) for word in entry if is_file_name(word)]
        limit = application.settings.max_image_bytes
        plan = application.works.opting_out.plan(
            [_parsed(word) for word in entry if not is_file_name(word)],
            [read_bounded(path, limit, "a picture") for path in files],
        )
        if plan.works and not yes and not _agreed(invocation, application, plan):
            return ExitCode.USAGE
        with invocation.progress() as progress:
            done = application.works.opting_out.add(plan, reason.value, progress)
            left = application.upkeep.disk_erasure.now() if done.withdrawn else ()
    for each in left:
        out.note(f"Not erased by this command: {each}", "bad")
    out.document(done.to_json())
    out.line(f"{done.added:,} of {len(done.entries):,} entries are new on the list", "good")
    for work_id in done.withdrawn:
        out.line(f"Withdrawn: work {work_id}")
    for work_id in done.mistaken:
        out.line(f"Work {work_id} is another picture, though its hashes are near: it stands")
    for work_id in done.also_named:
        out.line(f"Named too, but registered meanwhile: work {work_id} stands; run the command again", "bad")
    return None


def _agreed(invocation: Invocation, application: Application, plan: OptOutPlan) -> bool:
    """Shows the works that would be withdrawn, and asks where somebody can answer. False: nothing is to be done, and
    that is said."""
    from ledger.flows.works.opt_out import draw

    sheets = draw(plan, application.store.index, application.works.sheets)
    out = invocation.out
    refusal = {"code": "not-confirmed", "message": NOTHING_DONE, "hint": HOW_TO_CONFIRM}
    out.document({"error": refusal, **plan.to_json(), "sheets": [str(path) for path in sheets]})
    out.table(
        ("work", "title", "artist", "named by"),
        [(each.work_id, each.title or "untitled", each.artist, each.because) for each in plan.works],
    )
    for path in sheets:
        out.line(f"Their pictures: {path}")
    answered = sys.stdin.isatty() and not out.json
    agreed = answered and typer.confirm(f"Withdraw these {len(plan.works):,} works for good?", err=True)
    if answered:
        for path in sheets:
            path.unlink(missing_ok=True)
    if not agreed:
        out.error(NOTHING_DONE, hint=HOW_TO_CONFIRM)
    return agreed


def show(invocation: Invocation) -> None:
    """Print the opt-out list."""
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


def remove(invocation: Invocation, entry: Entries) -> None:
    """Take pictures off the opt-out list. What was withdrawn stays withdrawn, and may be registered anew."""
    with invocation.application() as application:
        removed = application.works.opting_out.remove(_entries(application, entry))
    invocation.out.document({"removed": removed})
    invocation.out.line(f"{removed:,} entries are off the list", "good")


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


def add_to(app: CommandGroup) -> None:
    """Puts the group into `artledger corpus`."""
    group = CommandGroup("Pictures that are never matched and never trained on.", name="optout")
    group.add(
        add, examples=["artledger corpus optout add painting.jpg", "artledger corpus optout add sha256:9f86d0..."]
    )
    group.add(show, examples=["artledger corpus optout show --json"])
    group.add(remove, examples=["artledger corpus optout remove painting.jpg"])
    app.add_typer(group)
