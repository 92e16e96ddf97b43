"""What comes back to artists: where their works came up, and signed statements that count it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.ui.files import require_free, write_file
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.output import Output
from ledger.errors import InputError
from ledger.match.lists import Relation
from ledger.match.words import RELATION_WORDS

if TYPE_CHECKING:
    from ledger.answers.uses import UsePage
    from ledger.flows.people.usage import UsageAnswer

ArtistArgument = Annotated[str, typer.Argument(metavar="ARTIST_ID", help="The artist's id.", show_default=False)]
_TIME = "A date, or a time like 2026-01-31T23:59:59.999Z."


class Compared(StrEnum):
    VERIFICATION = "verification"
    GENERATION = "generation"


class Lines(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


def uses(
    invocation: Invocation,
    artist: ArtistArgument,
    *,
    kind: Annotated[Compared | None, typer.Option(help="Records of this kind only.")] = None,
    relation: Annotated[Relation | None, typer.Option(help="Matches of this relation only.")] = None,
    work: Annotated[str | None, typer.Option(metavar="WORK_ID", help="Matches of this work only.")] = None,
    generator: Annotated[
        str | None, typer.Option(metavar="MODEL_ID", help="Pictures made by this generator only.")
    ] = None,
    max_p: Annotated[float | None, typer.Option(min=0, max=1, help="Matches with at most this p-value only.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help=f"Records made from here on. {_TIME}")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Records made before.")] = None,
    after: Annotated[int, typer.Option(min=-1, help="Go on after this leaf index.")] = -1,
    limit: Annotated[
        int | None, typer.Option(min=1, max=200, help="How many; else 50, or with --format all there are.")
    ] = None,
    form: Annotated[Lines | None, typer.Option("--format", help="Print CSV or JSON Lines, for other programs.")] = None,
) -> None:
    """List the records in which works of an artist were matched, with relation, share and p-value.

    One row for each record, by the nearest of the artist's works in it. Those with p <= alpha are counted in statements
    of use (`artledger artist usage`).
    """
    from ledger.flows.people.usage import moment
    from ledger.record.usage import UseFilter

    if form is not None and invocation.out.json:
        raise InputError("--json prints one document, --format lines: give one of them", code="usage")
    wanted = UseFilter(
        kind=kind,
        relation=relation,
        work_id=work,
        generator_id=generator,
        max_p=max_p,
        since=None if since is None else moment(since),
        until=None if until is None else moment(until),
    )
    with invocation.application() as application:
        found = application.people.uses
        if form is None:
            page = found.page(artist, wanted, after=after, limit=limit or 50)
            invocation.out.document(page.to_json())
            _show(invocation.out, page)
        else:
            whole = found.pages(artist, wanted, after=after)
            _print(form, whole if limit is None else [found.page(artist, wanted, after=after, limit=limit)])


def _print(form: Lines, pages: Iterable[UsePage]) -> None:
    from ledger.answers.uses import as_csv, as_json_lines

    for number, page in enumerate(pages):
        text = as_json_lines(page.uses) if form is Lines.JSONL else as_csv(page.uses, header=number == 0)
        typer.echo(text, nl=False)


def _show(out: Output, page: UsePage) -> None:
    if not page.uses:
        out.line("No record names a work of this artist that fits.")
        return
    rows = [
        (
            f"{use.leaf_index:,}",
            use.generated_at,
            use.kind,
            RELATION_WORDS[Relation(use.relation)],
            use.title or use.work_id,
            use.p_value,
            use.share,
        )
        for use in page.uses
    ]
    out.table(("Leaf", "Made", "Record", "Relation", "Nearest work", "p", "Share"), rows, right=("Leaf", "p", "Share"))
    if page.next_after is not None:
        out.line(f"There are more: --after {page.next_after}", "quiet")


def usage(
    invocation: Invocation,
    artist: ArtistArgument,
    *,
    since: Annotated[str, typer.Option(metavar="TIME", help=f"The period's start. {_TIME}", show_default=False)],
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Its end, which is no part of it; else now.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the statement goes.")] = Path("usage.json"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that exists.")] = False,
) -> None:
    """Make a signed statement of how often an artist's works came up in a period: counts, not debts.

    Its record goes on the log, from which anybody can count again: `artledger audit usage`.
    """
    from ledger.flows.people.usage import moment

    start, end = moment(since), datetime.now(UTC) if until is None else moment(until)
    require_free([out], replace=force)
    with invocation.application() as application:
        made = application.people.usage.make(artist, start, end)
        file = application.people.usage.document(made.sha256)
        vkey = application.log.vkey
        log = application.settings.log_store or str(application.store.data_dir / "log")
    write_file(out, file, replace=force)
    invocation.out.document(made.to_json() | {"file": str(out)})
    _show_statement(invocation.out, made)
    invocation.out.line(f"Statement  {out}, record {made.record.record_id}")
    invocation.out.line(f"Count again: artledger audit usage {out} --log {log} --key '{vkey}'", "quiet")


def _show_statement(out: Output, made: UsageAnswer) -> None:
    statement = made.statement
    period, leaves = statement["period"], statement["leaf_range"]
    out.line(made.record.reference, "strong")
    out.line(f"Period     {period['start']} to before {period['end']}; the first {leaves['end']:,} leaves of the log")
    rows = [
        (
            row["generator_id"] or "verifications",
            row["origin_of_image"] or "",
            row["guard"] or "",
            RELATION_WORDS[Relation(row["relation"])],
            f"{row['count']:,}",
            row["share"],
        )
        for row in statement["counts"]
    ]
    if rows:
        out.table(("By", "Origin", "Guard", "Relation", "Records", "Shares"), rows, right=("Records", "Shares"))
    if made.record.repeated:
        out.line("This statement was on the log already: nothing that counts was added since.")


def add_to(group: CommandGroup) -> None:
    group.add(
        uses,
        examples=[
            "artledger artist uses ARTIST_ID --max-p 0.01",
            "artledger artist uses ARTIST_ID --since 2026-01-01 --until 2026-02-01 --format csv > january.csv",
        ],
    )
    group.add(
        usage,
        examples=["artledger artist usage ARTIST_ID --since 2026-01-01 --until 2026-02-01 --out january.json"],
    )
