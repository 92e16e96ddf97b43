"""`artledger train artist`: classifiers of a ledger's own works, which serve at once."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.ui.files import make_folder, write_file
from cli.ui.invocation import CommandGroup, Invocation

if TYPE_CHECKING:
    from cli.ui.output import Output
    from ledger.app import Application
    from ledger.lab.train.artist.own_works import OwnWorks, TrainingOrder
    from ledger.storage.search.classifiers import StoredClassifier

TRAINING = "training"
"""Folder in the data folder, for what an interrupted training goes on from."""

TOO_LITTLE = frozenset({"too-few-artists", "too-few-others"})
"""Codes of errors by which a corpus has no such labels to learn; others end the command and retire nothing."""

group = CommandGroup()


@group.add("artledger train artist", "artledger train artist --out ./training --json")
def artist(
    invocation: Invocation,
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also write model cards, reports and learning curves to this folder."),
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Without the slow classifiers and the learning curve: a short check.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Random seed. The same seed and works give the same classifier.")] = 1,
) -> None:
    """Train the classifier that says whose works a picture looks most like, on this ledger's works.

    Only works are used whose terms allow both `train` and `style`. An artist needs six of them, on two subjects; a few
    works by other artists teach what "none of these" looks like. Where works have a genre or a style as WikiArt's do, a
    classifier of these labels is trained the same way. Each gets a `model` record on the log, which lists the works,
    and serves from then on.

    Takes minutes: features were stored when the works were registered. After an interruption the same command goes on
    where it stopped; until it ends, the classifier before it serves.
    """
    from ledger.errors import InputError
    from ledger.flows.pictures.artist_references import ARTIST
    from ledger.lab.train.artist.own_works import LABELS, TrainingOrder, own_works

    if out is not None:
        make_folder(out)
    skipped: dict[str, str] = {}
    with invocation.application() as application, invocation.progress() as progress:
        own = own_works(application.store.hands, application.store.spec, progress)
        fits = count(1)

        def order(kind: str) -> TrainingOrder:
            kept = application.settings.data_dir / TRAINING
            return TrainingOrder(kind, seed, smoke, kept, lambda what: progress(f"fitting {what}", next(fits), None))

        models = {ARTIST: _trained(application, own, order(ARTIST))}
        for kind in LABELS:
            try:
                models[kind] = _trained(application, own, order(kind))
            except InputError as error:
                if error.code not in TOO_LITTLE:
                    raise
                application.store.classifiers.retire(kind)
                skipped[kind] = error.message
    invocation.out.document({**_document(models[ARTIST]), "labels": {
        kind: _document(model) for kind, model in models.items() if kind != ARTIST
    }, "skipped": skipped})  # fmt: skip
    for model in models.values():
        if out is not None:
            _write(model, out)
        _show(invocation.out, model)
    for kind, why in skipped.items():
        invocation.out.line(f"No classifier of {kind}s: {why}", "quiet")
    if out is not None:
        invocation.out.line(f"Written: {out}", "quiet")


def _trained(application: Application, own: OwnWorks, order: TrainingOrder) -> StoredClassifier:
    from ledger.lab.train.artist.own_works import put_into_service, train_on

    trained = train_on(own, order)
    return put_into_service(order.kind, own, trained, application.log.models, application.store.classifiers)


def _document(model: StoredClassifier) -> dict[str, Any]:
    return {"model": model.digest, "record_id": model.record_id, "report": dict(model.report), "card": model.card}


def _write(model: StoredClassifier, folder: Path) -> None:
    from ledger.lab.evaluate.plots import learning_curve

    write_file(folder / f"{model.kind}-model.md", model.card.encode())
    write_file(folder / f"{model.kind}-training.json", json.dumps(dict(model.report), indent=1).encode())
    if model.report["curve"]:
        learning_curve(folder / f"{model.kind}-curve.png", model.kind, model.report["curve"])


def _show(out: Output, model: StoredClassifier) -> None:
    report, kind = model.report, model.kind
    unseen = "subjects" if kind == "artist" else "artists"
    out.line(f"A classifier of {report['artists']} {kind}s serves now", "strong")
    out.line(f"Right {kind} first for {report['macro_top1']:.0%} of works on {unseen} that it had not seen")
    for point in report["curve"]:
        out.line(f"  with at most {point['works']} works of each: {point['macro_top1']:.0%}", "quiet")
    out.line(f"Model      {model.digest}")
    out.line(f"Record     {model.record_id}")
    for reason, works in report["left_out"].items():
        out.line(f"Left out   {works:,}: {reason}", "quiet")
