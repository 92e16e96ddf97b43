"""What people see of a source's registration: what became of each of its entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.ui.output import Output, counted

if TYPE_CHECKING:
    from ledger.answers.corpus import ChangedWork, IngestSummary, NarrowedWork, Refusal

MAX_REFUSALS = 20
MAX_PLACES = 5
"""How many people see listed. --json has all."""


def show_not_comparable(out: Output, works: Sequence[tuple[str, str]]) -> None:
    """Works that cannot be compared, each with the reason."""
    if not works:
        return
    out.line(f"{counted(len(works), 'work')} cannot be compared. Only identical files can be found.", "strong")
    out.table(("Cannot be compared", "Why"), works[:MAX_REFUSALS])
    if len(works) > MAX_REFUSALS:
        out.line(f"and {len(works) - MAX_REFUSALS:,} more: --json lists them all", "quiet")


def show_summary(out: Output, summary: IngestSummary) -> None:
    """What became of the works of a source."""
    out.line(
        f"{summary.source}: {summary.registered:,} of {summary.found:,} works registered in {summary.seconds:.1f} s, "
        f"{summary.already_registered:,} already registered, {len(summary.refused):,} refused"
        + (f", {len(summary.left_out):,} left out" if summary.left_out else ""),
        "strong",
    )
    _show_refusals(out, "Refused", summary.refused)
    _show_refusals(out, "Left out", summary.left_out)
    _show_known(out, summary)
    show_not_comparable(out, [(each.key, each.reason) for each in summary.not_comparable])
    _show_narrowed(out, summary.narrowed)
    for work_id in summary.contested:
        out.line(f"Contested: another artist registered this work, too: {work_id}", "strong")


def _show_known(out: Output, summary: IngestSummary) -> None:
    """What is to be said about works that were registered before."""
    if unnamed := sum(each.code == "not-in-labels" for each in summary.left_out):
        out.line(f"Left out because the label file does not name it: {counted(unnamed, 'file')}")
    if summary.changed:
        recorded = sum(each.record_id is not None for each in summary.changed)
        out.line(
            f"Changed in the source since registration: {counted(len(summary.changed), 'work')}"
            + (f", of which {recorded:,} now with new terms on the log" if recorded else ""),
            "strong",
        )
        _show_refusals(out, "Changed", summary.changed)
    places = Counter(each.source or "a source that is no longer known" for each in summary.registered_before)
    for place, count in places.most_common(MAX_PLACES):
        elsewhere = "under another name" if place == summary.source else f"before, from {place}"
        out.line(f"Registered {elsewhere}: {counted(count, 'file')}")


def _show_refusals(out: Output, what: str, refused: Sequence[Refusal | ChangedWork]) -> None:
    if refused:
        rows = [(each.key, each.code, f"{each.reason}. {each.hint}" if each.hint else each.reason) for each in refused]
        out.table((what, "Code", "Why"), rows[:MAX_REFUSALS])
    if len(refused) > MAX_REFUSALS:
        out.line(f"and {len(refused) - MAX_REFUSALS:,} more: --json lists them all", "quiet")


def _show_narrowed(out: Output, works: Sequence[NarrowedWork]) -> None:
    if works:
        out.line(f"{counted(len(works), 'work')} with terms in the file or beside it. They take uses away.", "strong")
        rows = [
            (
                each.key,
                ", ".join(each.allowed_uses) or "none",
                "; ".join(said.says for said in each.file_terms),
                each.work_id,
            )
            for each in works[:MAX_REFUSALS]
        ]
        out.table(("File", "Allowed uses", "Terms in the file", "Work"), rows, ids=("Work",))
        out.line("The artist may state other terms: artledger artist consent WORK --uses USES")
    if len(works) > MAX_REFUSALS:
        out.line(f"and {len(works) - MAX_REFUSALS:,} more: --json lists them all", "quiet")
