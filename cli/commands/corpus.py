"""`artledger corpus`: register works, show figures about them, update fingerprints and error rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands import corpus_optout as optout
from cli.commands import corpus_report
from cli.ui.errors import ExitCode
from cli.ui.ingest_summary import show_not_comparable, show_summary
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.names import chosen_id, completes
from cli.ui.output import Output, counted
from ledger.errors import InputError

if TYPE_CHECKING:
    from ledger.answers.corpus import DedupSummary, GroupReport, IngestSummary
    from ledger.answers.works import CorpusStats
    from ledger.corpus.labels import Unstated

MAX_GROUPS = 20
"""How many people see listed. --json has all."""


ArtistOption = Annotated[
    str | None,
    typer.Option(
        metavar="ARTIST",
        help="Register the folder as works of this artist: a name or an id.",
        autocompletion=completes("artist"),
    ),
]
KeyOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The artist's private key. It signs each registration.")
]
LicenceOption = Annotated[
    str | None, typer.Option(metavar="SPDX", help="With --artist: licence (SPDX) of works whose labels state none.")
]
UsesOption = Annotated[
    str | None,
    typer.Option(
        metavar="USES", help="With --artist: allowed uses: match, train, style, separated by commas; or none."
    ),
]
CreditOption = Annotated[str | None, typer.Option(metavar="TEXT", help="With --artist: how to credit the works.")]
LinkOption = Annotated[str | None, typer.Option(metavar="URL", help="With --artist: link for the credit.")]
TermsOption = Annotated[
    str | None, typer.Option(metavar="TEXT", help="With --artist: terms in your own words, instead of --licence.")
]


group = CommandGroup("Register works, and keep fingerprints and error rates up to date.", name="corpus")


@group.add(
    "artledger corpus ingest ./paintings --labels paintings.csv",
    "artledger corpus ingest openclipart",
    "artledger corpus ingest hf:huggan/wikiart@train",
    "artledger corpus ingest ./art --artist 'Ada Example' --key ada.pem --licence CC-BY-4.0 --uses match",
)
def ingest(
    invocation: Invocation,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help=r"A folder; or `openclipart`, `hf:ID_OR_PATH\[@SPLIT]` (Hugging Face), `webdataset:PATH` (tars,"
            " img2dataset), `artists:PATH` (a folder for each artist).",
        ),
    ],
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Label file (CSV or JSON Lines): file, title, artist; optionally licence, source, allowed_uses.",
        ),
    ] = None,
    *,
    artist: ArtistOption = None,
    key: KeyOption = None,
    licence: LicenceOption = None,
    uses: UsesOption = None,
    credit_line: CreditOption = None,
    link: LinkOption = None,
    terms: TermsOption = None,
    update_terms: Annotated[
        bool,
        typer.Option("--update-terms", help="Record the terms that the source states now, for works that had others."),
    ] = False,
) -> ExitCode | None:
    """Register works. After an interruption, run the same command again to continue.

    A work is registered once: the same file by the same artist, whatever it is called. A file that has changed is a new
    work. Terms that have changed are listed; --update-terms records them.

    Works that cannot be registered are listed with the reason. They do not stop the others. If all works are refused,
    the command exits 2.

    With --artist, every picture in the folder, or every picture that the label file lists, is a work of that artist.
    """
    out = invocation.out
    stated = (key, licence, uses, credit_line, link, terms)
    if artist is not None:
        said = Stated(licence, uses, credit_line, link, terms)
        summary = _portfolio(invocation, source, labels, artist=artist, key=key, stated=said, update=update_terms)
    elif any(each is not None for each in stated):
        raise InputError(
            "--artist is missing", code="artist-missing", hint="--key and terms need the artist of the works."
        )
    else:
        with invocation.application() as application, invocation.progress() as progress:
            opened = application.works.open_source(source, labels)
            summary = application.works.ingestion.run(opened, progress, update_terms=update_terms)
    out.document(summary.to_json())
    show_summary(out, summary)
    return ExitCode.USAGE if summary.refused and not summary.registered + summary.already_registered else None


@dataclass(frozen=True, slots=True)
class Stated:
    """What the options state about all works of a portfolio."""

    licence: str | None
    uses: str | None
    credit_line: str | None
    link: str | None
    terms: str | None

    def unstated(self, artist: str) -> Unstated:
        """For works whose labels state nothing. Raises InputError (`licence`, `allowed-uses`, `bad-link`, ...)."""
        from ledger.corpus.credit import read_terms
        from ledger.corpus.labels import Unstated, parse_uses

        licence, credit = read_terms(self.licence or "", self.credit_line or "", self.link or "", self.terms or "")
        return Unstated(artist, licence, parse_uses(self.uses), credit)


def _portfolio(
    invocation: Invocation,
    source: str,
    labels: Path | None,
    *,
    artist: str,
    key: Path | None,
    stated: Stated,
    update: bool,
) -> IngestSummary:
    """Registers a folder as works of an artist, signed with the artist's key if there is one."""
    from cli.ui.own_keys import open_key
    from ledger.corpus.sources.portfolio import PortfolioSource
    from ledger.flows.people.principal import LOCAL

    signer = None if key is None else open_key(key)
    with invocation.application() as application:
        artist_id = chosen_id(invocation, application, "artist", artist)
        registered = application.works.registering.artist(artist_id, LOCAL)
        folder = Path(source.removeprefix("folder:")).expanduser()
        portfolio = PortfolioSource(folder, registered, stated.unstated(registered.name), labels)
        with invocation.progress() as progress:
            return application.works.registering.ingest(
                portfolio, artist_id, LOCAL, signer, progress, update_terms=update
            )


@group.add("artledger corpus refresh --spec default")
def refresh(
    invocation: Invocation, spec: Annotated[str, typer.Option(help="New fingerprint spec: `default`, or its digest.")]
) -> None:
    """Compute all fingerprints again, with another spec. Earlier records keep theirs.

    After an interruption, run the same command again to continue.
    """
    out = invocation.out
    with invocation.application() as application, invocation.progress() as progress:
        summary = application.upkeep.refreshing.run(spec, progress)
    out.document(summary.to_json())
    _show_fields(out, summary.to_json())


@group.add("artledger corpus stats --json")
def stats(invocation: Invocation) -> None:
    """Show how many works, artists and records there are."""
    with invocation.application() as application:
        found = application.works.catalogue.stats()
    invocation.out.document(found.to_json())
    _show_stats(invocation.out, found)


@group.add("artledger corpus calibrate")
def calibrate(invocation: Invocation) -> None:
    """Measure the error rates of matching with the present corpus, and put them on the log.

    In a corpus of at least 1,000 works by 50 artists, works of other artists are the unrelated pictures. The first time
    that takes some minutes. Run the command again after an interruption: it continues where it stopped.
    """
    out = invocation.out
    with invocation.application() as application, invocation.progress() as progress:
        summary = application.pictures.calibrations.recalibrate(progress, from_corpus=True)
    out.document(summary.to_json())
    _show_fields(out, summary.to_json())


@group.add("artledger corpus dedup --out ./copies", "artledger corpus dedup --json > copies.json")
def dedup(
    invocation: Invocation,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for contact sheets. Default: `copies` in the data folder."),
    ] = None,
) -> None:
    """Find copies within the corpus: groups of works that are all copies of each other.

    The matcher is the same as for `verify`. Shares count a group once.

    Run the command again after an interruption, or when you have added works. It continues where it stopped.
    """
    with invocation.application() as application:
        with invocation.progress() as progress:
            found = application.works.duplicates.run(progress)
        summary = application.works.duplicates_report.make(found, out or application.store.data_dir / "copies")
    invocation.out.document(summary.to_json())
    _show_copies(invocation.out, summary)


def _show_copies(out: Output, summary: DedupSummary) -> None:
    out.line(
        f"{summary.in_groups:,} of {summary.works:,} works are in {len(summary.groups):,} groups of copies "
        f"({summary.asked:,} were compared now)",
        "strong",
    )
    for note in summary.notes:
        out.line(note)
    rows = [_group_row(group) for group in summary.groups[:MAX_GROUPS]]
    if rows:
        out.table(("Works", "Relations", "Titles", "Artists", "Group"), rows, right=("Works",), ids=("Group",))
    if len(summary.groups) > MAX_GROUPS:
        out.line(f"and {len(summary.groups) - MAX_GROUPS:,} more: --json lists them all", "quiet")
    if summary.between_groups:
        out.line(f"{len(summary.between_groups):,} more pairs are copies, but their groups are not: --json lists them")
    if summary.sharing:
        out.line(
            f"{len(summary.sharing):,} pairs share a drawn part and are no copies of each other: --json lists them"
        )
    show_not_comparable(out, [(each.work.title, each.reason) for each in summary.not_comparable])
    for path in summary.sheets:
        out.line(f"Contact sheet  {path}")


def _group_row(group: GroupReport) -> tuple[str, ...]:
    relations = sorted({str(pair.found["relation"]) for pair in group.pairs})
    titles = list(dict.fromkeys(work.title or "untitled" for work in group.works))
    artists = list(dict.fromkeys(work.artist for work in group.works))
    return (f"{len(group.works):,}", ", ".join(relations), _few(titles), _few(artists), group.group_id)


def _few(names: Sequence[str]) -> str:
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + rest


def _show_stats(out: Output, found: CorpusStats) -> None:
    out.line(
        f"{counted(found.works, 'work')} by {counted(found.artists, 'artist')}; {found.tree_size:,} log entries",
        "strong",
    )
    out.table(("Artist", "Works"), [(name, f"{works:,}") for name, works in found.largest_artists], right=("Works",))
    out.table(("Licence", "Works"), [(name, f"{works:,}") for name, works in found.licences.items()], right=("Works",))
    out.table(
        ("Record", "Entries"), [(kind, f"{count:,}") for kind, count in found.records.items()], right=("Entries",)
    )
    out.line(f"Spec       {found.spec}")
    out.line(f"Calibrated {found.calibration or 'not yet: the first verification does it'}")
    if found.calibration_works is not None:
        out.line(f"           measured with {found.calibration_works:,} works")
    for note in found.notes:
        out.line(f"Note       {note}")


def _show_fields(out: Output, fields: dict[str, object]) -> None:
    """A summary's few values, one a line."""
    for name, value in fields.items():
        out.line(f"{name.replace('_', ' ')}: {value}")


group.add_typer(optout.group)
group.add_typer(corpus_report.group)
