"""`artledger generate`: make pictures that carry their records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.ui.bundles import published_bundle
from cli.ui.errors import ExitCode
from cli.ui.files import require_free, write_file
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.report import show_record
from ledger.errors import InputError
from ledger.generate.request import MAX_COUNT

if TYPE_CHECKING:
    from ledger.answers.generations import GeneratedImage
    from ledger.app import Application

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}
GUARD_WORDS = {
    "allow": "handed out",
    "warn": "handed out, with a warning",
    "block": "blocked: the picture is neither handed out nor kept; that it was blocked is on the log",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where one picture goes, and beside it what proves and opens its record."""

    image: Path

    @property
    def bundle(self) -> Path:
        return self.image.with_suffix(".bundle.json")

    @property
    def reveal(self) -> Path:
        return self.image.with_suffix(".reveal.json")

    @property
    def all(self) -> tuple[Path, ...]:
        return self.image, self.bundle, self.reveal


def generate(
    invocation: Invocation,
    *,
    prompt: Annotated[str, typer.Argument(help="What the picture shows.", metavar="PROMPT")],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where the picture goes: .png, .webp (both lossless) or .jpg.")
    ] = Path("generated.png"),
    negative_prompt: Annotated[str, typer.Option(help="What it does not show.", metavar="TEXT")] = "",
    seed: Annotated[
        int | None, typer.Option(help="The same seed gives the same picture on the same machine. Else one is drawn.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Steps of denoising; else the model's own number.")] = None,
    guidance: Annotated[
        str | None,
        typer.Option(help="How closely to follow the prompt; else what the model was made for.", metavar="NUMBER"),
    ] = None,
    width: Annotated[int | None, typer.Option(help="In pixels; else what the model was made for.")] = None,
    height: Annotated[int | None, typer.Option(help="In pixels; else what the model was made for.")] = None,
    count: Annotated[int, typer.Option(help="How many pictures: FILE-1, FILE-2 and so on.")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
    artist: Annotated[
        str | None,
        typer.Option(metavar="ARTIST_ID", help="On behalf of this artist, whose own works do not count against it."),
    ] = None,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="Decide by this policy (.toml or .json).")] = None,
) -> ExitCode:
    """Make pictures, each with a signed public record of the registered works that it comes closest to.

    What comes too close is handed out with a warning, or not at all: then it exits 1. Beside FILE.png go
    FILE.bundle.json, the record's proof, and FILE.reveal.json, which opens the record's commitment to the prompt: keep
    it, nobody else has it.
    """
    targets = _targets(out, count)
    require_free((path for target in targets for path in target.all), replace=force)
    with invocation.application(guard_policy=policy) as application:
        asked = application.pictures.generation.request(
            prompt,
            negative_prompt=negative_prompt,
            seed=seed,
            steps=steps,
            guidance=guidance,
            width=width,
            height=height,
            count=count,
        )
        with invocation.progress() as progress:
            images = application.pictures.generation.generate(
                asked,
                media_type=MEDIA_TYPES[out.suffix.lower()],
                requester=application.works.requester(artist),
                progress=progress,
            )
        for image, target in zip(images, targets, strict=True):
            _write(application, image, target, force=force)
        vkey = application.log.vkey
    _show(invocation, images, targets, vkey)
    return ExitCode.REFUTED if any(image.file is None for image in images) else ExitCode.DONE


def _targets(out: Path, count: int) -> list[Target]:
    """Raises InputError (`output-format`, `bad-count`)."""
    if out.suffix.lower() not in MEDIA_TYPES:
        raise InputError(
            f"{out} has no ending that names a format", code="output-format", hint="one of " + ", ".join(MEDIA_TYPES)
        )
    if not 1 <= count <= MAX_COUNT:
        raise InputError(f"{count} pictures cannot be made at once, 1 to {MAX_COUNT} can", code="bad-count")
    if count == 1:
        return [Target(out)]
    return [Target(out.with_stem(f"{out.stem}-{number}")) for number in range(1, count + 1)]


def _write(application: Application, image: GeneratedImage, target: Target, *, force: bool) -> None:
    """The picture first: should no checkpoint be published now, only the bundle is missing."""
    if image.file is not None:
        write_file(target.image, image.file.data, replace=force)
    if image.reveal is not None:
        write_file(target.reveal, image.reveal.model_dump_json(indent=2).encode(), replace=force, private=True)
    write_file(target.bundle, published_bundle(application, image.record.record_id), replace=force)


def _show(invocation: Invocation, images: tuple[GeneratedImage, ...], targets: list[Target], vkey: str) -> None:
    out = invocation.out
    documents: list[dict[str, Any]] = []
    for image, target in zip(images, targets, strict=True):
        files = {
            "image": None if image.file is None else str(target.image),
            "bundle": str(target.bundle),
            "reveal": str(target.reveal),
        }
        documents.append(image.facts() | {"files": files})
        if len(images) > 1:
            out.line(f"── {target.image}")
        show_record(out, image.record)
        out.line(f"Guard      {image.guard}: {GUARD_WORDS[image.guard]}")
        for reason in image.reasons:
            out.line(f"           {reason}")
        if image.file is not None:
            out.line(f"Picture    {target.image}, with Content Credentials (C2PA)")
        out.line(f"Proof      artledger audit bundle {target.bundle} --key '{vkey}'", "quiet")
        out.line(f"Prompt     opened by {target.reveal}, which nobody else has", "quiet")
        out.line()
    out.document(documents[0] if len(documents) == 1 else documents)


def register(app: CommandGroup) -> None:
    app.add(
        generate,
        examples=[
            'artledger generate "a red car" --seed 7 --out car.png',
            'artledger generate "a tree" --count 4 --out trees.webp',
            'artledger generate "a star" --policy strict.toml --json',
        ],
    )
