"""`artledger verify`: compares pictures with the registered works and puts the answers on the log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.ui.bundles import export_bundle
from cli.ui.errors import ExitCode, error_document, tell
from cli.ui.files import MAX_PICTURE, read_bounded, write_file
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.report import show_next_steps, show_record
from cli.ui.service import Answering, answering
from ledger.answers.batches import FALSE_DISCOVERIES, standing
from ledger.errors import InputError
from ledger.match.lists import Verdict

if TYPE_CHECKING:
    from cli.ui.output import Output
    from ledger.answers.records import RecordAnswer
    from ledger.flows.progress import Progress

group = CommandGroup()


@group.add(
    "artledger verify photo.jpg",
    "artledger verify --fail-on copy upload.png && publish upload.png",
    "artledger verify drawing.webp --bundle drawing.bundle.json",
    "artledger verify --json pictures/*.png > answers.json",
)
def verify(
    invocation: Invocation,
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE", help="Picture files: PNG, JPEG, WebP, GIF, TIFF, AVIF, HEIC, BMP, PSD or SVG."),
    ],
    fail_on: Annotated[
        list[Verdict] | None,
        typer.Option(
            metavar="VERDICT", help=f"Exit 1 if a picture gets this verdict: {', '.join(Verdict)}. May be repeated."
        ),
    ] = None,
    top_k: Annotated[
        int, typer.Option(min=1, max=100, help="How many of the nearest works to show. The record always holds ten.")
    ] = 10,
    bundle: Annotated[
        Path | None,
        typer.Option(help="Also write the record's proof to this file. Only with one picture.", metavar="FILE"),
    ] = None,
) -> ExitCode:
    """Compare pictures with the registered works, and put a signed record of each answer on the public log.

    With --json, one picture gives one object. Several pictures give an array in the same order.

    A picture that cannot be verified does not stop the others. The exit code is then 2, and with --json its place in
    the array holds {"image", "error"}.

    Among many pictures, some come close to a work by chance. At the end, the command says which copies still stand if
    at most 5% of them may be false (Benjamini-Hochberg). With --json, that is in "batch" of each object.
    """
    if bundle is not None and len(images) > 1:
        raise InputError(f"--bundle works with one picture, not with {len(images)}", code="usage")
    out = invocation.out
    remote = invocation.server
    if remote is not None:
        with invocation.progress() as progress:
            outcomes = _verify_each(remote, MAX_PICTURE, images, top_k, progress)
        if bundle is not None and not isinstance(outcomes[0], InputError):
            write_file(bundle, remote.bundle(outcomes[0].record_id))
        return _finish(invocation, images, outcomes, fail_on or ())
    with answering(invocation) as (pictures, application):
        with invocation.progress() as progress:
            outcomes = _verify_each(pictures, application.settings.max_image_bytes, images, top_k, progress)
        if bundle is not None and not isinstance(outcomes[0], InputError):
            export_bundle(application, outcomes[0].record_id, bundle, out)
    return _finish(invocation, images, outcomes, fail_on or ())


def _finish(
    invocation: Invocation,
    images: list[Path],
    outcomes: list[RecordAnswer | InputError],
    fail_on: Collection[Verdict],
) -> ExitCode:
    if len(images) == 1 and isinstance(outcomes[0], InputError):
        raise outcomes[0]
    _show(invocation, images, outcomes)
    answers = [outcome for outcome in outcomes if not isinstance(outcome, InputError)]
    if len(answers) < len(outcomes):
        return ExitCode.USAGE
    unwanted = any(answer.report is not None and answer.report.verdict in fail_on for answer in answers)
    return ExitCode.REFUTED if unwanted else ExitCode.DONE


def _verify_each(
    pictures: Answering, limit: int, images: list[Path], top_k: int, progress: Progress
) -> list[RecordAnswer | InputError]:
    """An error of one picture does not stop the others. An error of the ledger ends the command."""
    outcomes: list[RecordAnswer | InputError] = []
    for number, path in enumerate(images):
        progress("verifying pictures", number, len(images))
        try:
            data = read_bounded(path, limit, "the picture")
            outcomes.append(pictures.verify(data, top_k=top_k))
        except InputError as error:
            outcomes.append(error)
    progress("verifying pictures", len(images), len(images))
    return outcomes


def _show(invocation: Invocation, images: list[Path], outcomes: list[RecordAnswer | InputError]) -> None:
    out = invocation.out
    documents: list[dict[str, Any]] = []
    answers = [outcome for outcome in outcomes if not isinstance(outcome, InputError)]
    stands = dict(zip((answer.record_id for answer in answers), standing(answers), strict=True))
    for path, outcome in zip(images, outcomes, strict=True):
        if isinstance(outcome, InputError):
            documents.append({"image": str(path), **error_document(outcome)})
            tell(outcome, out, about=str(path))
            continue
        batch = {"false_discovery_rate": f"{FALSE_DISCOVERIES}", "stands": stands[outcome.record_id]}
        documents.append(outcome.to_json() | ({"batch": batch} if len(images) > 1 else {}))
        if len(images) > 1:
            out.line(f"── {path}")
        show_record(out, outcome)
        show_next_steps(invocation, outcome, path)
        out.line()
    out.document(documents[0] if len(images) == 1 else documents)
    if len(images) > 1:
        _show_batch(out, images, outcomes, stands)


def _show_batch(
    out: Output, images: list[Path], outcomes: list[RecordAnswer | InputError], stands: Mapping[str, bool]
) -> None:
    found = [
        (path, stands[outcome.record_id])
        for path, outcome in zip(images, outcomes, strict=True)
        if not isinstance(outcome, InputError) and outcome.report is not None and outcome.report.verdict == Verdict.COPY
    ]
    kept = sum(stood for _, stood in found)
    out.line(
        f"{kept} of the {len(found)} copies found in {len(stands)} pictures still stand if at most "
        f"{FALSE_DISCOVERIES:.0%} of them may be false (Benjamini-Hochberg)",
        "strong",
    )
    for path, stood in found:
        if not stood:
            out.line(f"May be chance among so many pictures: {path}")
