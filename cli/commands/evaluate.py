"""`artledger evaluate`: measure matching, beside other methods, on open works that nothing was fitted on; and the
generator.

Sealed works are never read. Fingerprints and results are kept in the output folder: an interrupted run continues.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands import evaluate_artists, evaluate_claims
from cli.ui.files import make_folder, write_file
from cli.ui.invocation import CommandGroup, Invocation

if TYPE_CHECKING:
    from cli.ui.output import Output

WorksOption = Annotated[int, typer.Option(min=1, help="How many works to put into the corpus, at most.")]
CopiesOption = Annotated[
    int, typer.Option(min=1, help="How many edited copies to look for. Their artists are held out of training.")
]
UnrelatedOption = Annotated[
    int,
    typer.Option(
        "--unrelated", min=1, help="How many pictures to look for that are not in the corpus, from held-out sources."
    ),
]
AssetsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder of unpacked packages, as for `train`. Adds unrelated pictures, backgrounds and works.",
    ),
]
OutOption = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder for results, plots and intermediate measurements.")
]
SeedOption = Annotated[int, typer.Option(help="Random seed. The same seed and pictures give the same measurements.")]
ShippedNullOption = Annotated[
    bool,
    typer.Option(
        "--shipped-null",
        help="Take error rates from the shipped unrelated pictures, also where the corpus is large enough for its own.",
    ),
]
GeneratorOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder of a diffusers pipeline. Default: the studio model.")
]
PicturesOption = Annotated[int, typer.Option(min=1, help="How many pictures to generate for each prompt.")]
NearestOption = Annotated[int, typer.Option(min=10, help="How many open works to compare with, at most.")]
OUT = Path("evaluation")
FIGURES = {
    "micro_ap": "Micro AP",
    "recall_at_1": "Recall@1",
    "recall_at_p90": "Recall at 90% precision",
    "recall_at_1pct_false_alarms": "Recall at 1% false alarms",
    "recall_at_0.1pct_false_alarms": "Recall at 0.1%",
}


group = CommandGroup("Measure how well matching, claims and the generator work.", name="evaluate")


@group.add(
    "artledger evaluate copies --works 400 --copies 100 --unrelated 100",
    "artledger evaluate copies --assets ./packages --out ./measured --json > copies.json",
)
def copies(
    invocation: Invocation,
    *,
    works: WorksOption = 3500,
    copies: CopiesOption = 600,
    unrelated: UnrelatedOption = 600,
    assets: AssetsOption = None,
    out: OutOption = OUT,
    seed: SeedOption = 7,
) -> None:
    """Measure how well copies are found, beside pHash, PDQ, the descriptor alone and, if installed, SSCD.

    Prints the figures with 95% intervals. Writes copies.json, precision-recall.png and per-edit.png. With --json,
    prints one object for each method.

    For the other methods, the similarity to unrelated pictures is subtracted where that improves their result.
    """
    from ledger.lab.evaluate.copies import evaluate_copies
    from ledger.lab.evaluate.experiment import GROWTH, ExperimentPlan, measure
    from ledger.lab.evaluate.plots import per_edit, precision_recall

    make_folder(out)
    with invocation.progress() as progress:
        measured = measure(ExperimentPlan(out, works, copies, unrelated, assets, seed, growth=GROWTH), progress)
        progress("computing intervals", 0, None)
        report = evaluate_copies(measured)
    for name, reason in measured.absent.items():
        invocation.out.note(f"{name}: {reason}")
    unrelated = sum(measured.own < 0)
    title = f"{len(measured.works):,} works, {sum(measured.own >= 0):,} copies, {unrelated:,} unrelated pictures"
    write_file(out / "copies.json", json.dumps(report.methods, indent=1).encode())
    precision_recall(out / "precision-recall.png", report.curves, title)
    per_edit(out / "per-edit.png", {name: each["per_edit"] for name, each in report.methods.items()}, "Recall@1")
    invocation.out.document(report.methods)
    _show_copies(invocation.out, report.methods, title)
    invocation.out.line(f"Written: {', '.join(str(out / name) for name in COPIES_FILES)}", "quiet")


COPIES_FILES = ("copies.json", "precision-recall.png", "per-edit.png")
CALIBRATION_FILES = ("calibration.json", "reliability.png")


@group.add("artledger evaluate calibration --assets ./packages --out ./measured")
def calibration(
    invocation: Invocation,
    *,
    works: WorksOption = 3500,
    copies: CopiesOption = 600,
    unrelated: UnrelatedOption = 600,
    assets: AssetsOption = None,
    out: OutOption = OUT,
    seed: SeedOption = 7,
    shipped_null: ShippedNullOption = False,
) -> None:
    """Measure whether the stated error rates and probabilities hold, on unrelated pictures with and without edits.

    Prints false alarms and detection rates at error rates of 1% and 5%, false discoveries among many pictures
    (Benjamini-Hochberg), and the reliability of `score`. Writes calibration.json and reliability.png.
    """
    from ledger.lab.evaluate.experiment import ExperimentPlan, measure
    from ledger.lab.evaluate.plots import reliability_diagram
    from ledger.lab.evaluate.reliability import evaluate_calibration

    make_folder(out)
    with invocation.progress() as progress:
        plan = ExperimentPlan(out, works, copies, unrelated, assets, seed, both=True, own_null=not shipped_null)
        measured = measure(plan, progress)
    report = evaluate_calibration(measured)
    write_file(out / "calibration.json", json.dumps(report.document, indent=1).encode())
    error = f"expected calibration error {report.document['expected_calibration_error']:.3f}"
    reliability_diagram(out / "reliability.png", report.bins, error)
    invocation.out.document(report.document)
    _show_calibration(invocation.out, report.document)
    invocation.out.line(f"Written: {', '.join(str(out / name) for name in CALIBRATION_FILES)}", "quiet")


SUBJECT_FILES = ("subjects.json", "subjects.png")


@group.add("artledger evaluate subjects --pictures 8 --out ./measured")
def subjects(
    invocation: Invocation,
    *,
    generator: GeneratorOption = None,
    pictures: PicturesOption = 4,
    works: NearestOption = 5000,
    out: OutOption = OUT,
    seed: SeedOption = 7,
) -> None:
    """Measure whether the generator draws the subject that the prompt asks for.

    For 16 prompts, counts how often the ten open works nearest to the pictures name the subject. The same count for the
    pictures of other prompts is the comparison. Writes subjects.json and subjects.png.
    """
    from ledger.fingerprint.copy_encoder import load_copy_encoder
    from ledger.generate.generator import open_generator
    from ledger.generate.profiles import STUDIO, FolderModel
    from ledger.image.pool import DecodePool
    from ledger.lab.evaluate.subjects import evaluate_subjects, read_works, save_grid

    make_folder(out)
    encoder = load_copy_encoder()
    source = STUDIO if generator is None else FolderModel(generator, generator.name)
    model = open_generator(source)
    with invocation.progress() as progress:
        with DecodePool() as pool:
            near = read_works(pool, encoder, out / "open-works.jsonl", works, progress)
        report = evaluate_subjects(model, encoder, near, per_prompt=pictures, seed=seed, progress=progress)
    save_grid(report, out / "subjects.png")
    write_file(out / "subjects.json", json.dumps(report.document, indent=1).encode())
    invocation.out.document(report.document)
    _show_subjects(invocation.out, report.document)
    invocation.out.line(f"Written: {', '.join(str(out / name) for name in SUBJECT_FILES)}", "quiet")


def _show_subjects(out: Output, document: Mapping[str, Any]) -> None:
    rows = [
        (row["prompt"], f"{row['prompted']:.0%}", f"{row['shuffled']:.0%}", f"{row['all_works']:.1%}")
        for row in document["per_prompt"]
    ]
    out.table(
        ("Prompt", "Nearest works", "Other prompts", "All works"),
        rows,
        right=("Nearest works", "Other prompts", "All works"),
    )
    low, high = document["interval"]
    out.line(
        f"{document['prompted']:.1%} of the nearest works name the subject. For other prompts it is "
        f"{document['shuffled']:.1%}. The ratio is {document['ratio']} (95% interval {low} to {high}).",
        "strong",
    )


def _show_copies(out: Output, methods: Mapping[str, Mapping[str, Any]], title: str) -> None:
    out.line(title, "strong")
    columns = ("Method", *FIGURES.values(), "Pictures/s")
    rows = [
        (
            f"{name}{' -b' if each['normalised'] else ''}",
            *(_with_interval(each[figure], each["intervals"][figure]) for figure in FIGURES),
            _number(each["images_per_s"], 1),
        )
        for name, each in methods.items()
    ]
    out.table(columns, rows, right=("Pictures/s",))
    out.line("-b: the similarity to unrelated pictures is subtracted.", "quiet")
    called = methods["ours"]["called"]
    out.line(
        f"Called a copy at an error rate of {called['alpha']:.0%}: {_share(called['unrelated_called_a_copy'])} of the "
        f"unrelated pictures; {_share(called['copies_called_of_the_right_work'])} of the copies, with the right work "
        "first."
    )
    out.line()
    out.line("As the corpus grows: recall at 1% false alarms (micro AP)", "strong")
    sizes = methods["ours"]["growth"]
    titles = [f"{row['works']:,} works, {row['copies']}+{row['unrelated']} pictures" for row in sizes]
    growth = [
        (
            name,
            *(f"{_number(row['recall_at_1pct_false_alarms'])} ({_number(row['micro_ap'])})" for row in each["growth"]),
        )
        for name, each in methods.items()
    ]
    out.table(("Method", *titles), growth)
    out.line("By edit: recall@1 (recall at 1% false alarms); * is not among the edits of training", "strong")
    edits = [
        (
            f"{row['kind']} {row['strength']}{'' if row['seen_in_training'] else ' *'}",
            str(row["n"]),
            *(_edit_cell(each["per_edit"][number]) for each in methods.values()),
        )
        for number, row in enumerate(methods["ours"]["per_edit"])
    ]
    out.table(("Edit", "n", *methods), edits, right=("n",))


def _edit_cell(row: Mapping[str, Any]) -> str:
    return f"{_number(row['recall_at_1'])} ({_number(row['recall_at_1pct_false_alarms'])})"


def _show_calibration(out: Output, document: Mapping[str, Any]) -> None:
    rows = [
        (
            f"{row['alpha']:.0%}",
            row["bin"],
            *(_share(row[group][said]) for group in ("clean", "edited") for said in ("as_close", "called_a_copy")),
            _share(row["copies_called_of_the_right_work"]),
        )
        for row in document["false_alarms"]
    ]
    titles = ("Clean: as close", "called a copy", "Edited: as close", "called a copy ", "Copies called, right work")
    out.line("Unrelated pictures within the error rate, or called a copy; detected copies beside them", "strong")
    out.table(("Error rate", "Bin", *titles), rows)
    found = document["false_discoveries"]
    batches, whole = found["batches"], found["all_at_once"]
    out.line(
        f"False discoveries at a level of {found['level']:.0%} (Benjamini-Hochberg): "
        f"{batches['realised']:.1%} in batches of {batches['copies']} copies and {batches['unrelated']} unrelated "
        f"pictures ({batches['copies_found']:.0%} of the copies stand); "
        f"{whole['false']} of {whole['findings']} findings in one batch of everything."
    )
    out.line()
    out.line(f"Reliability: expected calibration error {document['expected_calibration_error']:.3f}", "strong")
    bins = [
        (
            f"{each['low']:.1f} to {each['high']:.1f}",
            str(each["count"]),
            _number(each["stated"]),
            _with_interval(each["realised"], each["interval"]),
        )
        for each in document["reliability"]
    ]
    out.table(("Score", "n", "Stated", "Realised"), bins, right=("n", "Stated"))


def _share(share: Mapping[str, Any]) -> str:
    """`1.2% (0.5-2.4, n 600)`."""
    if not share["n"]:
        return "none"
    low, high = share["interval"]
    return f"{share['share']:.1%} ({100 * low:.1f}-{100 * high:.1f}, n {share['n']})"


def _with_interval(value: float | None, interval: Sequence[float | None]) -> str:
    return f"{_number(value)} ({'-'.join(_number(bound).removeprefix('0') for bound in interval)})"


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


group.add_typer(evaluate_artists.group)
group.add_typer(evaluate_claims.group)
