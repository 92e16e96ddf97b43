"""`artledger corpus report`: how works are spread over artists, and how evenly artists are met."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.ui.files import make_folder, write_file
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.output import Output, counted

if TYPE_CHECKING:
    from ledger.answers.corpus_report import ArtistShare, ComparedShare, CorpusReport
    from ledger.app import Application
    from ledger.lab.evaluate.corpus.report import Naming

REPORT_FILES = ("corpus.json", "corpus-lorenz.png", "corpus-artists.png")
MOST_SHOWN = 20
"""Subjects, and artists by default, that people see. --json has all."""
LONGEST_NAME = 40


group = CommandGroup()


@group.add("artledger corpus report", "artledger corpus report --out ./report --json > corpus.json")
def report(
    invocation: Invocation,
    *,
    top: Annotated[
        int, typer.Option(min=1, help="How many artists to show, those with most works first.")
    ] = MOST_SHOWN,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for corpus.json and plots. Default: writes no files.")
    ] = None,
) -> None:
    """Show whose works the corpus has, whose are found as copies, and whose come near by chance.

    Each share is compared with the artist's share of the works: 1 is what the number of works alone would give. The
    unrelated pictures of the null set show whose works are near to many pictures by chance. Where a classifier of
    artists serves, also whom records name first, and whom it named for works by others when it was trained. Intervals
    (95%) are right only if pictures were asked about independently of each other: a copy that is asked about often
    counts often.
    """
    from ledger.lab.evaluate.corpus.landings import landings
    from ledger.lab.evaluate.corpus.report import corpus_report
    from ledger.match.null_set import shipped_null_set
    from ledger.match.ranking import shipped_ranking

    with invocation.application() as application, invocation.progress() as progress:
        store = application.store
        blocks = application.works.all_works("comparing unrelated pictures", progress)
        landed = landings(shipped_null_set(), blocks, shipped_ranking().ranking())
        found = corpus_report(store.spread, store.works.count_by_licence(), landed, _naming(application))
    if out is not None:
        _write(out, found, top)
    invocation.out.document(found.to_json())
    _show(invocation.out, found, top)
    if out is not None:
        invocation.out.line(f"Written: {', '.join(str(out / name) for name in REPORT_FILES)}", "quiet")


def _naming(application: Application) -> Naming:
    from ledger.flows.pictures.artist_references import ARTIST
    from ledger.lab.evaluate.corpus.report import Naming

    store = application.store
    digest = store.classifiers.serving().get(ARTIST)
    stored = None if digest is None else store.classifiers.get(digest)
    for_others = {} if stored is None else stored.report.get("named_for_others", {})
    return Naming(digest, store.likenesses.named_first(), for_others)


def _write(out: Path, found: CorpusReport, top: int) -> None:
    from ledger.lab.evaluate.plots import lorenz, ratios

    make_folder(out)
    write_file(out / "corpus.json", found.model_dump_json(indent=1).encode())
    artists = found.per_artist
    counts = {"works": [each.works for each in artists], "copies": [each.copies.count for each in artists]}
    lorenz(out / "corpus-lorenz.png", counts, f"{found.works:,} works by {found.artists:,} artists")
    shown = artists[:top]
    rows = {
        "copies": [_bounds(each.copies) for each in shown],
        "unrelated pictures": [_bounds(each.unrelated) for each in shown],
    }
    if found.classifier is not None:
        rows |= {
            "named": [_bounds(each.named) for each in shown],
            "named for others": [_bounds(each.named_for_others) for each in shown],
        }
    ratios(out / "corpus-artists.png", [_name(each) for each in shown], rows, "How often artists are met")


def _bounds(each: ComparedShare) -> tuple[float, float, float]:
    """Ratio, low and high; nothing to draw where they say nothing."""
    if each.ratio is None or each.interval is None:
        return math.nan, math.nan, math.nan
    return each.ratio, *each.interval


def _show(out: Output, found: CorpusReport, top: int) -> None:
    out.line(
        f"{counted(found.works, 'work')} by {counted(found.artists, 'artist')}; {found.matchable:,} may be compared",
        "strong",
    )
    if not found.works:
        from ledger.answers.notes import EMPTY_CORPUS

        out.line(f"Note       {EMPTY_CORPUS}")
        return
    named = ("Named", "For others") if found.classifier is not None else ()
    out.table(
        ("Artist", "Works", "Share", "Copies", "Nearest", "Unrelated", *named),
        [
            (
                _name(each),
                f"{each.works:,}",
                _percent(each.share),
                *(_compared(part) for part in _parts(each)[: 3 + len(named)]),
            )
            for each in found.per_artist[:top]
        ],
        right=("Works", "Share", "Copies", "Nearest", "Unrelated", *named),
    )
    if len(found.per_artist) > top:
        out.line(f"{len(found.per_artist) - top:,} more artists: --top, or --json for all", "quiet")
    out.line(
        f"{', '.join(('Copies', 'Nearest', 'Unrelated', *named))}: number, and in brackets its share divided by the "
        "artist's share of the works, with a 95% interval",
        "quiet",
    )
    for title, counts in (
        ("Licence", found.licences),
        ("Allowed use", found.allowed_uses),
        ("Subject", found.subjects),
    ):
        if counts:
            rows = [(name, f"{works:,}") for name, works in list(counts.items())[:MOST_SHOWN]]
            out.table((title, "Works"), rows, right=("Works",))
    out.line(f"Gini       works {_number(found.gini_works)}, copies {_number(found.gini_copies)}")
    out.line(f"Copied     {_percent(found.artists_copied)} of the artists, {_percent(found.works_copied)} of the works")
    out.line(f"Unrelated  {counted(found.null_pictures, 'picture')} of the null set")


def _parts(each: ArtistShare) -> tuple[ComparedShare, ...]:
    return each.copies, each.nearest, each.unrelated, each.named, each.named_for_others


def _name(each: ArtistShare) -> str:
    name = each.name or f"(erased) {each.artist_id}"
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _compared(each: ComparedShare) -> str:
    if each.ratio is None or each.interval is None:
        return f"{each.count:,}"
    return f"{each.count:,} ({each.ratio:.1f}, {each.interval[0]:.1f} to {each.interval[1]:.1f})"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}%"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
