"""`artledger evaluate artists`: how well a classifier knows hands, on subjects and artists that it never saw."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.ui.files import make_folder, write_file
from cli.ui.invocation import CommandGroup, Invocation
from ledger.errors import InputError

if TYPE_CHECKING:
    from cli.ui.output import Output
    from ledger.image.pool import DecodePool
    from ledger.lab.evaluate.artists.works import SourceWork

ARTISTS_FILES = ("artists.json", "artists-confusion.png", "artists-reliability.png")
SMOKE_SPLITS, SMOKE_WORKS = 2, 14


group = CommandGroup()


@group.add(
    "artledger evaluate artists --out ./measured --json > artists.json",
    "artledger evaluate artists --corpus hf:./wikiart --smoke",
)
def artists(
    invocation: Invocation,
    *,
    splits: Annotated[
        int, typer.Option(min=1, help="How many times to divide the works. Each four hold out every subject once.")
    ] = 8,
    most: Annotated[int, typer.Option("--works", min=8, help="How many works of one artist to use, at most.")] = 60,
    corpus: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="Measure on the works of this source instead of OpenClipart's, written as for `corpus ingest`.",
        ),
    ] = None,
    labels: Annotated[Path | None, typer.Option(metavar="FILE", help="Label file of that source.")] = None,
    openmoji: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of the unpacked npm package openmoji: measure on its drawings instead."
        ),
    ] = None,
    glyphs: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of unpacked emoji sets: tell apart the teams that drew one glyph."),
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A short check: two splits, few works, without the slow classifiers.")
    ] = False,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for results, plots and features.")] = Path(
        "evaluation"
    ),
    seed: Annotated[int, typer.Option(help="Random seed. The same seed and works give the same splits.")] = 7,
) -> None:
    """Measure how often the right artist is named, for pictures of subjects that the classifier never saw.

    Whole subjects are held out, with all near-duplicates of their works. Some artists are held out too: for their
    pictures the right answer is "none of these". Prints figures with 95% intervals beside simpler methods, and the
    result of a random split, which is too good. Writes artists.json, artists-confusion.png, artists-reliability.png.

    Of another source, works are used that name an artist and allow both `train` and `style`; a work's subject is its
    label `subject`, else its `genre`.

    Sealed works are never read. Features and finished splits are kept, so an interrupted run goes on.
    """
    from ledger.lab.evaluate.artists.measurement import ArtistsPlan, measure_artists
    from ledger.lab.evaluate.plots import confusion_matrix, reliability_diagram

    collection, works = _collection(corpus, labels, openmoji, glyphs)
    make_folder(out)
    if smoke:
        splits, most = min(splits, SMOKE_SPLITS), min(most, SMOKE_WORKS)
    with invocation.progress() as progress:
        report = measure_artists(ArtistsPlan(out, splits, most, collection, works, seed, quick=smoke), progress)
    document = report.document
    write_file(out / "artists.json", json.dumps(document, indent=1).encode())
    title = f"{document['artists']} artists, macro top-1 {document['macro_top1']:.2f}"
    confusion_matrix(out / "artists-confusion.png", report.artists, report.confusion, title)
    reliability_diagram(
        out / "artists-reliability.png",
        report.bins,
        f"expected calibration error {document['ece']:.3f}",
        stated_of="stated probability of the first artist",
        realised_of="share that is by this artist",
    )
    invocation.out.document(document)
    _show(invocation.out, document)
    invocation.out.line(f"Written: {', '.join(str(out / name) for name in ARTISTS_FILES)}", "quiet")


def _collection(
    corpus: str | None, labels: Path | None, openmoji: Path | None, glyphs: Path | None
) -> tuple[str, Callable[[DecodePool], list[SourceWork]]]:
    """Name and works of what is measured on. Raises InputError (`usage`)."""
    from ledger.corpus.source_registry import open_source
    from ledger.lab.evaluate.artists.glyphs import glyph_works
    from ledger.lab.evaluate.artists.openmoji import openmoji_works
    from ledger.lab.evaluate.artists.works import open_artists, works_of
    from ledger.lab.train.pictures import OPENCLIPART

    if sum(each is not None for each in (corpus, openmoji, glyphs)) > 1:
        raise InputError("--corpus, --openmoji and --glyphs exclude each other", code="usage")
    if labels is not None and corpus is None:
        raise InputError("--labels needs --corpus", code="usage")
    if corpus is not None:
        return corpus, lambda pool: works_of(open_source(corpus, labels, pool.rasterise))
    if openmoji is not None:
        return "openmoji", partial(openmoji_works, openmoji)
    if glyphs is not None:
        return "glyphs", partial(glyph_works, glyphs)
    return OPENCLIPART, open_artists


def _show(out: Output, document: Mapping[str, Any]) -> None:
    questions = document["questions"]
    out.line(
        f"{document['artists']} artists, {document['works']:,} works, {document['splits']} splits by subject: "
        f"{questions['known']:,} pictures by known artists, {questions['unknown']:,} by others",
        "strong",
    )
    columns = ("Method", "Macro top-1", "Macro top-5", "Unknown AUROC", "FPR at 95% TPR")
    ranked = sorted(document["methods"].items(), key=lambda each: -each[1]["macro_top1"])
    rows = [
        (
            name,
            f"{each['macro_top1']:.3f}",
            f"{each['macro_top5']:.3f}",
            _number(each["unknown_auroc"]),
            _number(each["fpr_at_95_tpr"]),
        )
        for name, each in ranked
    ]
    out.table(columns, rows, right=columns[1:])
    low, high = document["macro_top1_interval"]
    gain_low, gain_high = document["gain_interval"]
    out.line(
        f"Macro top-1 {document['macro_top1']:.3f} (95% interval {low:.3f} to {high:.3f}), "
        f"{document['gain']:+.3f} ({gain_low:+.3f} to {gain_high:+.3f}) against {document['best_baseline']['name']}. "
        f"Expected calibration error {document['ece']:.3f}."
    )
    out.line(f"With a random split it would be {document['random_split_macro_top1']:.3f}, which flatters.", "quiet")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
