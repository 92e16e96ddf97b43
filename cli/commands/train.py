"""`artledger train`: retrain the bundled models and calibration data, from pictures whose terms allow it.

Sealed works are never read (ledger.corpus.sealed). New files take effect when they ship with a new version.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.commands import train_artist
from cli.ui.files import make_folder, write_file
from cli.ui.invocation import CommandGroup, Invocation

if TYPE_CHECKING:
    from ledger.lab.train.build import Facts, Workshop

PARTS = ("copy", "vae", "clip", "diffusion")
"""Parts of the studio profile, in the order in which they build on each other."""

AssetsOption = Annotated[
    Path | None,
    typer.Option(
        "--assets",
        metavar="DIR",
        help="Folder of the unpacked packages that the model cards list, one folder each. Without it, only OpenClipart "
        "is used.",
    ),
]
OutOption = Annotated[Path, typer.Option(metavar="DIR", help="Folder for the new files.")]
WorksOption = Annotated[int, typer.Option(min=1, help="How many open works of OpenClipart to use.")]
SeedOption = Annotated[
    int, typer.Option(help="Random seed. The same seed and pictures give the same files on the same machine.")
]


group = CommandGroup("Train the classifier of artists, or the bundled models and calibration data.", name="train")


@group.add("artledger train studio --part copy --checkpoints ./checkpoints --assets ./packages --out ./trained")
def studio(
    invocation: Invocation,
    *,
    part: Annotated[
        Literal["copy", "vae", "clip", "diffusion", "all"],
        typer.Option(
            help="copy: the descriptor that finds copies. vae, clip, diffusion: the generator, in this order; each "
            "part uses what the previous one wrote to --out, or the shipped part."
        ),
    ],
    checkpoints: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for checkpoints. An interrupted run continues from them.")
    ],
    out: OutOption,
    assets: AssetsOption = None,
    works: WorksOption = 5000,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Number of training steps. Default: as planned for the part.")
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Train a few steps on a few pictures, to see whether it runs.")
    ] = False,
    cool_down: Annotated[
        int,
        typer.Option(
            min=0,
            help="Finish the copy descriptor: from the last checkpoint, take this many steps while the learning rate "
            "falls to zero. That checkpoint stays, so training can still go on.",
        ),
    ] = 0,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh",
            help="Do not go on from the shipped weights: train the copy descriptor from ImageNet's weights, and the "
            "diffusion model from random ones.",
        ),
    ] = False,
    seed: SeedOption = 1,
) -> None:
    """Train a part of the studio profile on open works.

    On two cores each part takes hours. Ctrl-C ends the run; the same command goes on from its last checkpoint.
    """
    make_folder(checkpoints)
    facts: dict[str, Facts] = {}
    for each in PARTS if part == "all" else (part,):
        with _workshop(invocation, out, assets, works, seed) as workshop:
            from ledger.lab.train.build import build_copy_descriptor, build_generator_part
            from ledger.lab.train.studio.folder import Part

            if each == "copy":
                facts[each] = build_copy_descriptor(
                    workshop, checkpoints, steps=steps, smoke=smoke, cool_down=cool_down, fresh=fresh
                )
            else:
                facts[each] = build_generator_part(
                    workshop, Part(each), checkpoints, steps=steps, smoke=smoke, fresh=fresh
                )
    _show(invocation, {**facts} if part == "all" else facts[part])


@group.add("artledger train null-set --assets ./packages --out ./trained", name="null-set")
def null_set(
    invocation: Invocation,
    *,
    out: OutOption,
    assets: AssetsOption = None,
    works: WorksOption = 5000,
    seed: SeedOption = 1,
) -> None:
    """Build the set of unrelated pictures (null set) that error rates are measured on, and its ranking."""
    with _workshop(invocation, out, assets, works, seed) as workshop:
        from ledger.lab.train.build import build_null_set

        facts = build_null_set(workshop)
    _show(invocation, facts)


@group.add("artledger train style-null --models ./models --assets ./packages --out ./trained", name="style-null")
def style_null(
    invocation: Invocation,
    *,
    models: Annotated[
        Path,
        typer.Option(
            "--models",
            metavar="DIR",
            help="Folder with image_encoder, feature_extractor and vae. Statistics of the VAE are written into it.",
        ),
    ],
    out: OutOption,
    assets: AssetsOption = None,
    works: WorksOption = 5000,
    seed: SeedOption = 1,
) -> None:
    """Measure the unrelated pictures (null set) with models that compare style, for the error rates of style."""
    with _workshop(invocation, out, assets, works, seed) as workshop:
        from ledger.lab.train.build import build_style_null

        facts = build_style_null(workshop, models)
    _show(invocation, facts)


@contextmanager
def _workshop(invocation: Invocation, out: Path, assets: Path | None, works: int, seed: int) -> Iterator[Workshop]:
    """Without the pictures that must not be trained on: those of this ledger's opt-out list, and its works that do not
    allow it or were withdrawn."""
    make_folder(out)
    from ledger.lab.train.build import Workshop
    from ledger.match.optout import NOBODY

    with invocation.application() as application:
        untrainable = application.store.opt_outs.untrainable() if application.store.has_database else NOBODY
    with invocation.progress() as progress:
        yield Workshop(out, assets, works, seed, untrainable, progress, write_file)


def _show(invocation: Invocation, facts: Facts) -> None:
    out = invocation.out
    out.document(facts)
    for name, value in facts.items():
        out.line(f"{name.replace('_', ' ').replace('unrelated', 'unrelated pictures')}: {value}")


group.add_typer(train_artist.group)
