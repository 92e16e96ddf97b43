"""`artledger corpus`: register works, look at them as a whole, keep fingerprints and error rates up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import ExitCode
from cli.invocation import CommandGroup, Invocation
from cli.output import Output

if TYPE_CHECKING:
    from ledger.flows.answers import CorpusStats
    from ledger.flows.ingest import IngestSummary

MAX_REFUSALS = 20
"""Refused works that are listed for people; --json has them all."""


def ingest(
    invocation: Invocation,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A folder, `openclipart`, or `hf:ID_OR_PATH[@SPLIT]`.".replace("[", r"\["),
            show_default=False,
        ),
    ],
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV or JSON Lines with file, title, artist, and where known licence, source, allowed_uses.",
        ),
    ] = None,
) -> ExitCode | None:
    """Register works. Run it again after an interruption: it goes on where it stopped.

    Works that cannot be registered are listed with the reason, and do not stop the others; when all of them are
    refused, the exit code is 2.
    """
    out = invocation.out
    with invocation.application() as application, invocation.progress() as progress:
        summary = application.ingestion.run(application.open_source(source, labels), progress)
    if out.json:
        out.document(summary.to_json())
    show_summary(out, summary)
    return ExitCode.USAGE if summary.refused and not summary.registered + summary.already_registered else None


def refresh(
    invocation: Invocation,
    spec: Annotated[
        str, typer.Option(help="`default`, or the digest of the fingerprint spec to go to.", show_default=False)
    ],
) -> None:
    """Fingerprint the whole corpus anew under another spec. Resumable; old records keep their spec."""
    out = invocation.out
    with invocation.application() as application, invocation.progress() as progress:
        summary = application.refreshing.run(spec, progress)
    if out.json:
        out.document(summary.to_json())
    _show_fields(out, summary.to_json())


def stats(invocation: Invocation) -> None:
    """Tell how many works, artists and records there are."""
    with invocation.application() as application:
        found = application.catalogue.stats()
    if invocation.json:
        invocation.out.document(found.to_json())
    _show_stats(invocation.out, found)


def calibrate(invocation: Invocation) -> None:
    """Measure the error rates of matching anew, against the corpus as it is now, and put them on the log."""
    out = invocation.out
    with invocation.application() as application, invocation.progress() as progress:
        summary = application.recalibration.recalibrate(progress)
    if out.json:
        out.document(summary.to_json())
    _show_fields(out, summary.to_json())


def show_summary(out: Output, summary: IngestSummary) -> None:
    """What became of a source's works."""
    out.line(
        f"{summary.registered:,} works registered from {summary.source}, {summary.already_registered:,} were already, "
        f"{len(summary.refused):,} refused, of {summary.found:,} found, in {summary.seconds:.1f} s",
        "strong",
    )
    if summary.refused:
        rows = [(each.key, each.code, each.reason) for each in summary.refused[:MAX_REFUSALS]]
        out.table(("Refused", "Code", "Why"), rows)
    if len(summary.refused) > MAX_REFUSALS:
        out.line(f"and {len(summary.refused) - MAX_REFUSALS:,} more: --json lists them all", "quiet")


def _show_stats(out: Output, found: CorpusStats) -> None:
    out.line(f"{found.works:,} works by {found.artists:,} artists; {found.tree_size:,} entries on the log", "strong")
    out.table(("Artist", "Works"), [(name, f"{works:,}") for name, works in found.largest_artists], right=("Works",))
    out.table(("Licence", "Works"), [(name, f"{works:,}") for name, works in found.licences.items()], right=("Works",))
    out.table(
        ("Record", "Entries"), [(kind, f"{count:,}") for kind, count in found.records.items()], right=("Entries",)
    )
    out.line(f"Fingerprint spec  {found.spec}")
    out.line(f"Calibration       {found.calibration or 'none yet: the first verification makes it'}")


def _show_fields(out: Output, fields: dict[str, object]) -> None:
    """A summary's few values, one a line."""
    for name, value in fields.items():
        out.line(f"{name.replace('_', ' ')}: {value}")


def register(app: CommandGroup) -> None:
    group = CommandGroup("The registered works.", name="corpus")
    group.add(
        ingest,
        examples=[
            "artledger corpus ingest ./paintings --labels paintings.csv",
            "artledger corpus ingest openclipart",
            "artledger corpus ingest hf:huggan/wikiart@train",
        ],
    )
    group.add(refresh, examples=["artledger corpus refresh --spec default"])
    group.add(stats, examples=["artledger corpus stats --json"])
    group.add(calibrate, examples=["artledger corpus calibrate"])
    app.add_typer(group)
