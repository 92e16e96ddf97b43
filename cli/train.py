"""`artledger train`: make again the files that fingerprints and error rates rest on, from pictures that may be used.

Sealed works are never read (ledger.corpus.sealed). What is made here takes effect by being shipped, as a new version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.files import write_whole
from cli.invocation import CommandGroup, Invocation
from ledger.errors import InputError

if TYPE_CHECKING:
    from ledger.flows.progress import Progress
    from ledger.train.pictures import SourcePicture

RANKING_FILE = "ranking-v1.json"

AssetsArgument = Annotated[
    Path,
    typer.Argument(
        metavar="ASSETS",
        help="Folder with the unpacked packages that the model cards list, one folder each.",
        show_default=False,
    ),
]
OutOption = Annotated[Path, typer.Option(metavar="DIR", help="Folder for the files made.", show_default=False)]
WorksOption = Annotated[int, typer.Option(min=1, help="How many open OpenClipart works to take.")]
SeedOption = Annotated[int, typer.Option(help="The same seed and pictures give the same files on the same machine.")]


def whitening(
    invocation: Invocation, assets: AssetsArgument, *, out: OutOption, works: WorksOption = 5000, seed: SeedOption = 1
) -> None:
    """Fit the whitening of the copy descriptor on open works and other art."""
    folder = _folder(out)
    import numpy as np

    from ledger.fingerprint import copy_descriptor
    from ledger.fingerprint.copy_encoder import load_pooled_features
    from ledger.image.pool import DecodePool
    from ledger.train.pictures import collected, open_works
    from ledger.train.whitening import train_whitening

    destination = folder / copy_descriptor.WHITENING_FILE.name
    with invocation.progress() as progress, DecodePool() as pool:
        opened = _counted("reading open works", open_works(pool, limit=works, seed=seed), progress)
        others = _counted("reading packages", collected(assets, pool, seed=seed), progress)
        made, sha256 = train_whitening(
            load_pooled_features(),
            ((picture.key, np.asarray(picture.image)) for picture in opened),
            (np.asarray(picture.image) for picture in others),
            destination,
            dimension=copy_descriptor.DIMENSION,
        )
    facts = {"file": str(destination), "sha256": sha256, "pictures": made.pictures}
    _tell(invocation, {**facts, "explained_variance": f"{made.explained_variance:.4f}"})


def null_set(
    invocation: Invocation, assets: AssetsArgument, *, out: OutOption, works: WorksOption = 5000, seed: SeedOption = 1
) -> None:
    """Make the null set, the strangers that error rates are measured on, and the ranking that goes with it."""
    folder = _folder(out)
    from ledger.fingerprint.copy_encoder import load_copy_encoder
    from ledger.fingerprint.fingerprinter import Fingerprinter
    from ledger.fingerprint.spec import default_spec
    from ledger.image.pool import DecodePool
    from ledger.match.null_set import SHIPPED
    from ledger.match.ranking import shipped_ranking
    from ledger.train.null_set import assemble, measure
    from ledger.train.pictures import collected, open_works

    null_file, ranking_file = folder / SHIPPED, folder / RANKING_FILE
    fingerprinter = Fingerprinter([load_copy_encoder()], default_spec())
    with invocation.progress() as progress, DecodePool() as pool:
        pictures = chain(collected(assets, pool, seed=seed), open_works(pool, limit=works, seed=seed))
        measured = list(measure(_counted("measuring", pictures, progress), pool, fingerprinter, seed=seed))
    files = assemble(measured, shipped_ranking().geometry.rule())
    write_whole(null_file, files.null_set)
    write_whole(ranking_file, files.ranking.to_bytes())
    _tell(invocation, {"files": [str(null_file), str(ranking_file)], "strangers": files.counts})


def _counted(stage: str, pictures: Iterable[SourcePicture], progress: Progress) -> Iterator[SourcePicture]:
    for number, picture in enumerate(pictures, 1):
        yield picture
        progress(stage, number, None)


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {path}: {error.strerror or error}", code="file-unwritable") from error
    return path


def _tell(invocation: Invocation, facts: dict[str, object]) -> None:
    out = invocation.out
    if out.json:
        out.document(facts)
    for name, value in facts.items():
        out.line(f"{name.replace('_', ' ')}: {value}")


def register(app: CommandGroup) -> None:
    group = CommandGroup("Make again what fingerprints and error rates rest on.", name="train")
    group.add(whitening, examples=["artledger train whitening ./packages --out ./made"])
    group.add(null_set, name="null-set", examples=["artledger train null-set ./packages --out ./made --works 5000"])
    app.add_typer(group)
