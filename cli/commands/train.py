"""`artledger train`: retrain the bundled models and calibration data, from pictures whose terms allow it.

Sealed works are never read (ledger.corpus.sealed). New files take effect when they ship with a new version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.ui.files import make_folder, write_file
from cli.ui.invocation import CommandGroup, Invocation

if TYPE_CHECKING:
    from ledger.flows.progress import Progress
    from ledger.image.pool import DecodePool
    from ledger.lab.train.copy.training import Report
    from ledger.lab.train.pictures import SourcePicture
    from ledger.lab.train.roles import Role
    from ledger.match.optout import OptOuts


class Part(StrEnum):
    """Parts of the studio profile, in the order in which they build on each other."""

    COPY = "copy"
    VAE = "vae"
    CLIP = "clip"
    DIFFUSION = "diffusion"
    ALL = "all"


READING = "reading pictures"
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
PartOption = Annotated[
    Part,
    typer.Option(
        help="copy: the descriptor that finds copies. vae, clip, diffusion: the generator, in this order; each part "
        "uses what the previous one wrote to --out."
    ),
]
ModelsOption = Annotated[
    Path,
    typer.Option(
        "--models",
        metavar="DIR",
        help="Folder with image_encoder, feature_extractor and vae. Statistics of the VAE are written into it.",
    ),
]
CheckpointsOption = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder for checkpoints. An interrupted run continues from them.")
]
StepsOption = Annotated[
    int | None, typer.Option(min=1, help="Number of training steps. Default: as planned for the part.")
]
SmokeOption = Annotated[
    bool, typer.Option("--smoke", help="Train a few steps on a few pictures, to see whether it runs.")
]


def studio(
    invocation: Invocation,
    *,
    part: PartOption,
    checkpoints: CheckpointsOption,
    out: OutOption,
    assets: AssetsOption = None,
    works: WorksOption = 5000,
    steps: StepsOption = None,
    smoke: SmokeOption = False,
    seed: SeedOption = 1,
) -> None:
    """Train a part of the studio profile on open works. A part takes up to 75 minutes on two cores."""
    make_folder(checkpoints)
    make_folder(out)
    run = _Run(invocation, checkpoints, out, assets, works, steps, smoke, seed)
    parts = [each for each in Part if each is not Part.ALL] if part is Part.ALL else [part]
    facts = {each.value: run.copy() if each is Part.COPY else run.generator(each) for each in parts}
    _tell(invocation, facts[part.value] if part in parts else {**facts})


@dataclass(frozen=True, slots=True)
class _Run:
    """The options of `train studio`."""

    invocation: Invocation
    checkpoints: Path
    out: Path
    assets: Path | None
    works: int
    steps: int | None
    smoke: bool
    seed: int

    def copy(self) -> dict[str, object]:
        from ledger.image.pool import DecodePool
        from ledger.lab.train.copy.studio import SMOKE, SMOKE_PICTURES, train_copy_descriptor
        from ledger.lab.train.copy.training import Plan
        from ledger.lab.train.roles import Role

        plan = replace(SMOKE if self.smoke else Plan(), seed=self.seed)
        plan = plan if self.steps is None else replace(plan, steps=self.steps)
        taken = min(self.works, SMOKE_PICTURES) if self.smoke else self.works
        limits: dict[str, Any] = {"works": taken, "seed": self.seed, "roles": {Role.TRAIN}}
        limits["untrainable"] = _untrainable(self.invocation)
        with self.invocation.progress() as progress, DecodePool() as pool:

            def told(report: Report) -> None:
                progress(f"training: loss {report.loss:.2f}, found {report.found:.0%}", report.step, report.steps)

            made = train_copy_descriptor(
                lambda: _counted(READING, _pictures(pool, self.assets, **limits), progress),
                self.checkpoints,
                self.out,
                plan,
                told,
            )
        facts: dict[str, object] = {"part": Part.COPY.value, "pictures": dict(made.pictures)}
        facts |= {"weights": str(made.weights), "sha256": made.weights_sha256}
        return facts | {"local": str(made.local), "local_sha256": made.local_sha256}

    def generator(self, part: Part) -> dict[str, object]:
        """vae, clip or diffusion."""
        from ledger.image.pool import DecodePool
        from ledger.lab.train.studio import course, folder
        from ledger.lab.train.studio.pictures import drawn

        plan = replace(folder.PLANS[folder.Part(part)], seed=self.seed)
        plan = folder.smoke(plan) if self.smoke else plan
        plan = plan if self.steps is None else replace(plan, steps=self.steps)
        limits: dict[str, Any] = {"limit": self.works, "seed": self.seed}
        limits["untrainable"] = _untrainable(self.invocation)
        # A real run must not continue from the checkpoints of a smoke run.
        checkpoints = self.checkpoints / (f"{folder.FOLDER}-smoke" if self.smoke else folder.FOLDER)
        out = self.out / folder.FOLDER
        make_folder(checkpoints)
        make_folder(out)
        with self.invocation.progress() as progress, DecodePool() as pool:

            def told(report: course.Report) -> None:
                progress(f"training {part.value}: loss {report.loss:.3f}", report.step, report.steps)

            training = folder.Studio(checkpoints, out, told)
            pictures = training.gathered(
                lambda: _counted(READING, drawn(pool, self.assets, **limits), progress),
                folder.SMOKE_PICTURES if self.smoke else None,
            )
            weights = training.train(folder.Part(part), pictures, plan)
        facts: dict[str, object] = {"part": part.value, "pictures": pictures.counts}
        return facts | {"weights": str(weights), "sha256": folder.weights_sha256(weights)}


def null_set(
    invocation: Invocation,
    *,
    out: OutOption,
    assets: AssetsOption = None,
    works: WorksOption = 5000,
    seed: SeedOption = 1,
) -> None:
    """Build the set of unrelated pictures (null set) that error rates are measured on, and its ranking."""
    make_folder(out)
    from ledger.fingerprint.copy_encoder import load_copy_encoder
    from ledger.fingerprint.fingerprinter import Fingerprinter
    from ledger.fingerprint.spec import copy_spec
    from ledger.image.pool import DecodePool
    from ledger.lab.train.null_set import USED, assemble, measure
    from ledger.lab.train.null_set_card import CARD, null_set_card
    from ledger.match.null_set import SHIPPED as NULL_SET
    from ledger.match.ranking import SHIPPED as RANKING

    fingerprinter = Fingerprinter([load_copy_encoder()], copy_spec())
    limits: dict[str, Any] = {"works": works, "seed": seed, "roles": USED, "untrainable": _untrainable(invocation)}
    with invocation.progress() as progress, DecodePool() as pool:
        pictures = _counted("measuring", _pictures(pool, assets, **limits), progress)
        measured = list(measure(pictures, pool, fingerprinter, seed=seed))
        progress("fitting", 0, None)
        made = assemble(measured)
    write_file(out / NULL_SET, made.null_set)
    write_file(out / RANKING, made.ranking.to_bytes())
    write_file(out / CARD, null_set_card(made).encode())
    _tell(invocation, {"files": [NULL_SET, RANKING, CARD], "strangers": dict(made.counts), "copies": made.copies})


def style_null(
    invocation: Invocation,
    *,
    models: ModelsOption,
    out: OutOption,
    assets: AssetsOption = None,
    works: WorksOption = 5000,
    seed: SeedOption = 1,
) -> None:
    """Measure the unrelated pictures (null set) with models that compare style, for the error rates of style."""
    make_folder(out)
    from ledger.fingerprint.clip_encoder import load_clip_encoder
    from ledger.fingerprint.spec import spec_with
    from ledger.fingerprint.style_models import STATISTICS, StyleModels
    from ledger.fingerprint.vae_encoder import load_vae_encoder
    from ledger.image.pool import DecodePool
    from ledger.lab.train import style_null as training
    from ledger.lab.train.null_set import USED
    from ledger.lab.train.style_null_card import STYLE_CARD, style_null_card
    from ledger.match.null_set import shipped_null_set
    from ledger.match.style_null import STYLE_NULL, read_style_null

    null_set, found = shipped_null_set(), StyleModels.in_folder(models)
    clip, vae = load_clip_encoder(found), load_vae_encoder(found)
    limits: dict[str, Any] = {"works": works, "seed": seed, "roles": USED, "untrainable": _untrainable(invocation)}
    with invocation.progress() as progress, DecodePool() as pool:
        pictures = _counted("measuring", _pictures(pool, assets, **limits), progress)
        embedded = list(training.embed(pictures, pool, null_set, clip, vae, seed=seed))
    statistics = training.pooled_statistics(embedded)
    write_file(found.vae / STATISTICS, statistics.to_bytes())
    spec = spec_with(found)
    data = training.style_null(embedded, statistics, spec.style_part or "", null_set)
    made = read_style_null(data)
    write_file(out / STYLE_NULL, data)
    write_file(out / STYLE_CARD, style_null_card(made, null_set).encode())
    facts: dict[str, object] = {"files": [STYLE_NULL, STYLE_CARD, f"vae/{STATISTICS}"], "pictures": len(made)}
    facts |= {"missing": len(null_set) - len(made), "background": len(made.measure.background)}
    _tell(invocation, facts | {"pins": {name: each["weights"] for name, each in found.describe().items()}})


def _pictures(
    pool: DecodePool, assets: Path | None, *, works: int, seed: int, roles: Collection[Role], untrainable: OptOuts
) -> Iterator[SourcePicture]:
    from ledger.lab.train.pictures import collected, open_works
    from ledger.lab.train.roles import role_of

    def wanted(collection: str, maker: str) -> bool:
        return role_of(collection, maker) in roles

    packages: Iterable[SourcePicture] = ()
    if assets is not None:
        packages = collected(assets, pool, seed=seed, only=wanted, untrainable=untrainable)
    return chain(packages, open_works(pool, limit=works, seed=seed, only=wanted, untrainable=untrainable))


def _untrainable(invocation: Invocation) -> OptOuts:
    """What must not be trained on: the opt-out list of this ledger, and works that do not allow it or were withdrawn.
    Empty where there is no ledger yet."""
    from ledger.match.optout import NOBODY

    with invocation.application() as application:
        return application.store.opt_outs.untrainable() if application.store.has_database else NOBODY


def _counted(stage: str, pictures: Iterable[SourcePicture], progress: Progress) -> Iterator[SourcePicture]:
    for number, picture in enumerate(pictures, 1):
        yield picture
        progress(stage, number, None)


def _tell(invocation: Invocation, facts: dict[str, object]) -> None:
    out = invocation.out
    out.document(facts)
    for name, value in facts.items():
        out.line(f"{name.replace('_', ' ').replace('strangers', 'unrelated pictures')}: {value}")


def register(app: CommandGroup) -> None:
    group = CommandGroup("Retrain the bundled models and calibration data.", name="train")
    folders = "--assets ./packages --out ./trained"
    group.add(studio, examples=[f"artledger train studio --part copy --checkpoints ./checkpoints {folders}"])
    group.add(null_set, name="null-set", examples=[f"artledger train null-set {folders}"])
    group.add(style_null, name="style-null", examples=[f"artledger train style-null --models ./models {folders}"])
    app.add_typer(group)
