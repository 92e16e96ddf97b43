"""`artledger verify`: compare pictures with the registered works and put the answers on the log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.bundles import export_bundle
from cli.errors import ExitCode, error_document, tell
from cli.files import read_bounded
from cli.invocation import CommandGroup, Invocation
from cli.report import show_next_steps, show_record
from ledger.errors import InputError
from ledger.match.lists import Verdict

if TYPE_CHECKING:
    from ledger.bootstrap import Application
    from ledger.flows.answers import RecordAnswer
    from ledger.flows.progress import Progress


def verify(
    invocation: Invocation,
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE", help="PNG, JPEG, WebP, GIF, TIFF or AVIF.", show_default=False),
    ],
    fail_on: Annotated[
        list[Verdict] | None,
        typer.Option(
            metavar="VERDICT", help=f"Exit 1 when a picture gets this verdict ({', '.join(Verdict)}); may be repeated."
        ),
    ] = None,
    top_k: Annotated[int, typer.Option(min=1, max=100, help="How many nearest works to record.")] = 10,
    bundle: Annotated[
        Path | None, typer.Option(help="Also write the record's proof to this file (one picture only).", metavar="FILE")
    ] = None,
) -> ExitCode | None:
    """Compare pictures with the registered works, and make a signed public record of each answer.

    With --json, one picture gives one object, several give an array in their order; in it, a picture that could not be
    verified is {"image", "error"}. Such a picture does not stop the others; the exit code is then 2.
    """
    if bundle is not None and len(images) > 1:
        raise InputError(f"--bundle takes one picture, not {len(images)}", code="usage")
    out = invocation.out
    with invocation.application() as application:
        with invocation.progress() as progress:
            outcomes = _verify_each(application, images, top_k, progress)
        if bundle is not None and not isinstance(outcomes[0], InputError):
            export_bundle(application, outcomes[0].record_id, bundle, out)
    if len(images) == 1 and isinstance(outcomes[0], InputError):
        raise outcomes[0]
    _show(invocation, images, outcomes)
    answers = [outcome for outcome in outcomes if not isinstance(outcome, InputError)]
    if len(answers) < len(outcomes):
        return ExitCode.USAGE
    unwanted = any(answer.report is not None and answer.report.verdict in (fail_on or ()) for answer in answers)
    return ExitCode.REFUTED if unwanted else ExitCode.DONE


def _verify_each(
    application: Application, images: list[Path], top_k: int, progress: Progress
) -> list[RecordAnswer | InputError]:
    """What is wrong with one picture stays with it; what is wrong with the ledger ends the command."""
    outcomes: list[RecordAnswer | InputError] = []
    for number, path in enumerate(images):
        progress("verifying pictures", number, len(images))
        try:
            data = read_bounded(path, application.settings.max_image_bytes, "the picture")
            outcomes.append(application.verification.verify(data, top_k=top_k))
        except InputError as error:
            outcomes.append(error)
    progress("verifying pictures", len(images), len(images))
    return outcomes


def _show(invocation: Invocation, images: list[Path], outcomes: list[RecordAnswer | InputError]) -> None:
    out = invocation.out
    documents: list[dict[str, Any]] = []
    for path, outcome in zip(images, outcomes, strict=True):
        if isinstance(outcome, InputError):
            documents.append({"image": str(path), **error_document(outcome)})
            tell(outcome, out, about=str(path))
            continue
        documents.append(outcome.to_json())
        if len(images) > 1:
            out.line(f"── {path}")
        show_record(out, outcome)
        show_next_steps(invocation, outcome, path)
        out.line()
    if out.json:
        out.document(documents[0] if len(images) == 1 else documents)


def register(app: CommandGroup) -> None:
    app.add(
        verify,
        examples=[
            "artledger verify photo.jpg",
            "artledger verify --fail-on copy upload.png && publish upload.png",
            "artledger verify drawing.webp --bundle drawing.bundle.json",
            "artledger verify --json pictures/*.png > answers.json",
        ],
    )
