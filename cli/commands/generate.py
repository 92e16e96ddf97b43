"""`artledger generate`: generates pictures that carry their records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.ui.bundles import published_bundle
from cli.ui.errors import ExitCode
from cli.ui.files import require_free, write_file
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.names import chosen_if_given, completes
from cli.ui.report import show_record
from ledger.answers.words import GUARD_WORDS
from ledger.errors import InputError
from ledger.generate.request import MAX_COUNT

if TYPE_CHECKING:
    from ledger.answers.generations import GeneratedImage
    from ledger.app import Application

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class Target:
    """The files of one picture: the picture, the proof of its record, and the secret of its prompt."""

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


PictureOption = Annotated[
    Path, typer.Option(metavar="FILE", help="File for the picture: .png, .webp (both lossless) or .jpg.")
]
SeedOption = Annotated[
    int | None,
    typer.Option(help="Random seed. The same seed gives the same picture on the same machine. Default: a new seed."),
]
GuidanceOption = Annotated[
    str | None,
    typer.Option(
        help="How closely to follow the prompt (guidance scale). Default: depends on the model.", metavar="NUMBER"
    ),
]
CountOption = Annotated[
    int, typer.Option(help="How many pictures to generate. Their files are FILE-1, FILE-2 and so on.")
]
ForArtistOption = Annotated[
    str | None,
    typer.Option(
        metavar="ARTIST",
        help="Generate for this artist: a name or an id. The guard ignores likeness to the artist's own works.",
        autocompletion=completes("artist"),
    ),
]
GuardPolicyOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Guard policy (.toml or .json). Default: ARTLEDGER_GUARD_POLICY."),
]

group = CommandGroup()


@group.add(
    'artledger generate "a red car" --seed 7 --out car.png',
    'artledger generate "a tree" --count 4 --out trees.webp',
    'artledger generate "a star" --policy strict.toml --json',
)
def generate(
    invocation: Invocation,
    *,
    prompt: Annotated[str, typer.Argument(help="What the picture should show.", metavar="PROMPT")],
    out: PictureOption = Path("generated.png"),
    negative_prompt: Annotated[str, typer.Option(help="What the picture should not show.", metavar="TEXT")] = "",
    seed: SeedOption = None,
    steps: Annotated[int | None, typer.Option(help="Number of denoising steps. Default: depends on the model.")] = None,
    guidance: GuidanceOption = None,
    width: Annotated[int | None, typer.Option(help="Width in pixels. Default: depends on the model.")] = None,
    height: Annotated[int | None, typer.Option(help="Height in pixels. Default: depends on the model.")] = None,
    count: CountOption = 1,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
    artist: ForArtistOption = None,
    policy: GuardPolicyOption = None,
) -> ExitCode:
    """Generate pictures, each with a signed public record of the registered works that it comes closest to.

    The guard hands out a picture that comes too close to a work with a warning, or blocks it. If a picture is blocked,
    the command exits 1.

    Two more files are written beside FILE.png: FILE.bundle.json is the proof of the record. FILE.reveal.json holds the
    prompt and the secret that proves it. Keep it: there is no other copy.
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
                requester=application.works.requester(chosen_if_given(invocation, application, "artist", artist)),
                progress=progress,
            )
        for image, target in zip(images, targets, strict=True):
            _write(application, image, target, force=force)
        vkey = application.log.vkey
    _show(invocation, images, targets, vkey)
    return ExitCode.REFUTED if any(image.image is None for image in images) else ExitCode.DONE


def _targets(out: Path, count: int) -> list[Target]:
    """Raises InputError (`output-format`, `bad-count`)."""
    if out.suffix.lower() not in MEDIA_TYPES:
        raise InputError(
            f"{out} does not end in the name of a picture format",
            code="output-format",
            hint=f"Use one of {', '.join(MEDIA_TYPES)}.",
        )
    if not 1 <= count <= MAX_COUNT:
        raise InputError(f"--count is {count}; it must be 1 to {MAX_COUNT}", code="bad-count")
    if count == 1:
        return [Target(out)]
    return [Target(out.with_stem(f"{out.stem}-{number}")) for number in range(1, count + 1)]


def _write(application: Application, image: GeneratedImage, target: Target, *, force: bool) -> None:
    """Writes the picture first. If no checkpoint can be published now, only the bundle is missing."""
    if image.image is not None:
        write_file(target.image, image.image, replace=force)
    if image.reveal is not None:
        write_file(target.reveal, image.reveal.model_dump_json(indent=2).encode(), replace=force, private=True)
    write_file(target.bundle, published_bundle(application, image.record_id), replace=force)


def _show(invocation: Invocation, images: tuple[GeneratedImage, ...], targets: list[Target], vkey: str) -> None:
    out = invocation.out
    documents: list[dict[str, Any]] = []
    for image, target in zip(images, targets, strict=True):
        files = {
            "image": None if image.image is None else str(target.image),
            "bundle": str(target.bundle),
            "reveal": str(target.reveal),
        }
        documents.append(image.model_dump(mode="json", exclude={"image"}) | {"files": files})
        if len(images) > 1:
            out.line(f"── {target.image}")
        show_record(out, image)
        out.line(f"Guard      {image.guard}: {GUARD_WORDS[image.guard]}")
        for reason in image.reasons:
            out.line(f"           {reason}")
        if image.image is not None:
            out.line(f"Picture    {target.image}, with Content Credentials (C2PA)")
        out.line(f"Proof      artledger audit bundle {target.bundle} --key '{vkey}'", "quiet")
        out.line(f"Prompt     proved by {target.reveal}. Keep it: there is no other copy.", "quiet")
        out.line()
    out.document(documents[0] if len(documents) == 1 else documents)
