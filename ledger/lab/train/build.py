"""Builds the files that ship with the package: the parts of the studio profile, the null set, the style null set."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from ledger.fingerprint.clip_encoder import load_clip_encoder
from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.spec import copy_spec, spec_with
from ledger.fingerprint.style_config import STATISTICS
from ledger.fingerprint.style_models import StyleModels
from ledger.fingerprint.vae_encoder import load_vae_encoder
from ledger.flows.progress import Progress
from ledger.image.pool import DecodePool
from ledger.lab.train import style_null as style
from ledger.lab.train.copy import studio as copy_studio
from ledger.lab.train.copy.training import CopyTrainingPlan, CopyTrainingReport
from ledger.lab.train.null_set import assemble
from ledger.lab.train.null_set_card import CARD, null_set_card
from ledger.lab.train.null_set_pictures import USED, measure
from ledger.lab.train.pictures import SourcePicture, collected, open_works
from ledger.lab.train.roles import Role, role_of
from ledger.lab.train.studio import course, folder
from ledger.lab.train.studio.pictures import drawn
from ledger.lab.train.style_null_card import STYLE_CARD, style_null_card
from ledger.match.null_set import SHIPPED as NULL_SET
from ledger.match.null_set import shipped_null_set
from ledger.match.optout import OptOuts
from ledger.match.ranking import SHIPPED as RANKING
from ledger.match.style.null import STYLE_NULL, read_style_null

READING = "reading pictures"
MEASURING = "measuring"
Facts = dict[str, Any]
"""Facts about what was built, for people and programs."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """The pictures to use and the folder for results."""

    out: Path
    """An existing folder."""
    assets: Path | None
    """Folder of unpacked packages; without it, only OpenClipart is used."""
    works: int
    """Largest number of open OpenClipart works."""
    seed: int
    untrainable: OptOuts
    progress: Progress
    write: Callable[[Path, bytes], None]

    def pictures(
        self, pool: DecodePool, stage: str, roles: Collection[Role], most: int | None = None
    ) -> Iterator[SourcePicture]:
        """At most `most` pictures with these roles: packages first, then open works. Reports each as progress."""

        def wanted(collection: str, maker: str) -> bool:
            return role_of(collection, maker) in roles

        limits: dict[str, Any] = {"seed": self.seed, "only": wanted, "untrainable": self.untrainable}
        packages = () if self.assets is None else collected(self.assets, pool, **limits)
        works = open_works(pool, limit=self.works if most is None else min(self.works, most), **limits)
        return self.reported(stage, chain(packages, works))

    def reported(self, stage: str, pictures: Iterable[SourcePicture]) -> Iterator[SourcePicture]:
        for number, picture in enumerate(pictures, 1):
            yield picture
            self.progress(stage, number, None)


def build_copy_descriptor(
    workshop: Workshop, checkpoints: Path, *, steps: int | None, smoke: bool, cool_down: int = 0, fresh: bool = False
) -> Facts:
    """Trains the descriptor that finds copies, for `cool_down` last steps if set. Raises as `train_copy_descriptor`
    does."""
    plan = replace(
        copy_studio.SMOKE if smoke else CopyTrainingPlan(), seed=workshop.seed, cool_down=cool_down, fresh=fresh
    )
    plan = plan if steps is None else replace(plan, steps=steps)
    most = copy_studio.SMOKE_PICTURES if smoke else None

    def report(at: CopyTrainingReport) -> None:
        workshop.progress(f"training: loss {at.loss:.2f}, found {at.found:.0%}", at.step, at.steps)

    with DecodePool() as pool:
        built = copy_studio.train_copy_descriptor(
            lambda: workshop.pictures(pool, READING, {Role.TRAIN, Role.VALIDATION}, most),
            checkpoints,
            workshop.out,
            plan,
            report,
        )
    return {
        "part": "copy",
        "pictures": dict(built.pictures),
        "weights": str(built.weights),
        "sha256": built.weights_sha256,
        "local": str(built.local),
        "local_sha256": built.local_sha256,
    }


def build_generator_part(
    workshop: Workshop, part: folder.Part, checkpoints: Path, *, steps: int | None, smoke: bool, fresh: bool = False
) -> Facts:
    """Trains a part of the generator. Smoke runs have separate checkpoints: a real run must not continue from them."""
    plan = replace(folder.PLANS[part], seed=workshop.seed)
    plan = folder.smoke(plan) if smoke else plan
    plan = plan if steps is None else replace(plan, steps=steps)
    kept, out = checkpoints / (f"{folder.FOLDER}-smoke" if smoke else folder.FOLDER), workshop.out / folder.FOLDER
    for each in (kept, out):
        each.mkdir(parents=True, exist_ok=True)

    def report(at: course.StudioTrainingReport) -> None:
        workshop.progress(f"training {part.value}: loss {at.loss:.3f}", at.step, at.steps)

    limits: dict[str, Any] = {"limit": workshop.works, "seed": workshop.seed, "untrainable": workshop.untrainable}
    with DecodePool() as pool:
        training = folder.Studio(kept, out, fresh, report)
        pictures = training.gathered(
            lambda: workshop.reported(READING, drawn(pool, workshop.assets, **limits)),
            folder.SMOKE_PICTURES if smoke else None,
        )
        weights = training.train(part, pictures, plan)
    sha256 = folder.weights_sha256(weights)
    return {"part": part.value, "pictures": pictures.counts, "weights": str(weights), "sha256": sha256}


def build_null_set(workshop: Workshop) -> Facts:
    """Writes the null set, its ranking and its card."""
    fingerprinter = Fingerprinter([load_copy_encoder()], copy_spec())
    with DecodePool() as pool:
        pictures = workshop.pictures(pool, MEASURING, USED)
        measured = list(measure(pictures, pool, fingerprinter, seed=workshop.seed))
    workshop.progress("fitting", 0, None)
    built = assemble(measured)
    workshop.write(workshop.out / NULL_SET, built.null_set)
    workshop.write(workshop.out / RANKING, built.ranking.to_bytes())
    workshop.write(workshop.out / CARD, null_set_card(built).encode())
    return {"files": [NULL_SET, RANKING, CARD], "unrelated": dict(built.counts), "copies": built.copies}


def build_style_null(workshop: Workshop, models: Path) -> Facts:
    """Writes the style null set with its card, and the VAE's statistics into the folder of the models."""
    null_set, found = shipped_null_set(), StyleModels.in_folder(models)
    clip, vae = load_clip_encoder(found), load_vae_encoder(found)
    with DecodePool() as pool:
        pictures = workshop.pictures(pool, MEASURING, USED)
        embedded = list(style.embed(pictures, pool, null_set, clip, vae, seed=workshop.seed))
    statistics = style.pooled_statistics(embedded)
    workshop.write(found.vae / STATISTICS, statistics.to_bytes())
    data = style.style_null(embedded, statistics, spec_with(found).style_part or "", null_set)
    built = read_style_null(data)
    workshop.write(workshop.out / STYLE_NULL, data)
    workshop.write(workshop.out / STYLE_CARD, style_null_card(built, null_set).encode())
    return {
        "files": [STYLE_NULL, STYLE_CARD, f"vae/{STATISTICS}"],
        "pictures": len(built),
        "missing": len(null_set) - len(built),
        "background": len(built.measure.background),
        "pins": {name: each["weights"] for name, each in found.describe().items()},
    }
