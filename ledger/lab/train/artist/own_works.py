"""Trains classifiers on a ledger's own works, and puts them into service: of artists, and of labels that works have.

Only works are used whose terms allow both `train` and `style`: a classifier is a model, and its answers name artists by
their style. Features were stored at registration, so a training reads no pictures and takes minutes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ledger import canonical
from ledger.corpus.sealed import is_sealed
from ledger.corpus.unknown_artists import is_nobody
from ledger.corpus.work import UNKNOWN_ARTIST
from ledger.errors import InputError
from ledger.fingerprint.fingerprint import HandPrint
from ledger.fingerprint.hand import depths, technique
from ledger.fingerprint.hand.hand import hand_spec, hand_specs
from ledger.fingerprint.spec import FingerprintSpec
from ledger.fingerprint.style_models import CLIP, VAE
from ledger.flows.pictures.artist_references import ARTIST
from ledger.flows.progress import Progress
from ledger.flows.records.model_names import ARTIST_CLASSIFIER
from ledger.flows.records.models import Models
from ledger.lab.train.artist.candidates import candidates
from ledger.lab.train.artist.card import artist_model_card
from ledger.lab.train.artist.choice import Step
from ledger.lab.train.artist.groups import duplicate_groups
from ledger.lab.train.artist.labels import LabelledWork, joined_names, says_something, subject_of
from ledger.lab.train.artist.training import LEAST_OTHERS, TrainedArtists, train_artists
from ledger.lab.train.pictures import OPENCLIPART
from ledger.match.artists.artifact import model_digest, write_artist_model
from ledger.match.artists.features import FeatureBlock
from ledger.storage.search.classifiers import ClassifierStore, StoredClassifier
from ledger.storage.works.hands import HandStore, TrainableWork

MOST_READ = 200
"""Works of one artist that are read, so that memory is bounded by the number of artists; a training uses fewer."""
FORMAT = "artist-classifier"
"""What `model` records say of such a model."""
LABELS = ("genre", "style")
"""Labels that are learned where a corpus has them, as WikiArt does."""
_LACKING = "no features are stored: artledger corpus refresh"
_SEALED = "reserved for measurements (ledger.corpus.sealed)"
_MANY = "more than are read of one artist"
_NAMELESS = "the artist's name was erased, or says that nobody is known"


@dataclass(frozen=True, slots=True)
class OwnWorks:
    """Works of this ledger that a classifier may be trained on."""

    works: tuple[TrainableWork, ...]
    block: FeatureBlock
    left_out: Counter[str]
    """Works that allow it and cannot be used, by reason."""


def own_works(store: HandStore, spec: FingerprintSpec, progress: Progress) -> OwnWorks:
    """Raises InputError (`nothing-to-train-on`) where no work can be used."""
    usable: list[TrainableWork] = []
    left_out: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    for number, work in enumerate(store.trainable()):
        progress("reading features", number, None)
        hand = work.fingerprint.hand
        if hand is None or hand.spec != hand_spec():
            left_out[_LACKING] += 1
        elif work.source_name == OPENCLIPART and is_sealed(work.source_key):
            left_out[_SEALED] += 1
        elif not work.artist or is_nobody(work.artist):
            left_out[_NAMELESS] += 1
        elif taken[work.artist_id] == MOST_READ:
            left_out[_MANY] += 1
        else:
            taken[work.artist_id] += 1
            usable.append(work)
    if not usable:
        reasons = "; ".join(f"{reason} ({count})" for reason, count in left_out.items())
        raise InputError(
            f"there is no work that allows both train and style to learn from{f': {reasons}' if reasons else ''}",
            code="nothing-to-train-on",
            hint="Register works whose terms allow both uses.",
        )
    return OwnWorks(tuple(usable), _block(usable, spec), left_out)


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """What is trained, and how."""

    kind: str
    """ARTIST, or one of LABELS."""
    seed: int
    smoke: bool
    """Without the slow classifiers, and without the curve."""
    kept: Path
    """A folder for finished fits, from which an interrupted training goes on."""
    step: Step


def labelled(own: OwnWorks, kind: str) -> tuple[LabelledWork, ...]:
    """The works as they teach this kind; those of a label that says that nothing is known are of nobody.

    Artists are told apart on subjects that a classifier did not see; labels on artists that it did not see.
    """
    near = duplicate_groups([work.fingerprint for work in own.works])
    stored: dict[str, str] = {}
    spelled = joined_names(work.labels.get(kind, "") for work in own.works)
    found = []
    for work, group in zip(own.works, near, strict=True):
        artists = kind == ARTIST
        label = spelled[work.labels.get(kind, "")]
        found.append(
            LabelledWork(
                key=work.work_id,
                artist=work.artist_id if artists else label if says_something(label) else UNKNOWN_ARTIST,
                subject=subject_of(work.labels) or work.work_id if artists else work.artist_id,
                group=stored.setdefault(work.group, group),
            )
        )
    return tuple(found)


def train_on(own: OwnWorks, order: TrainingOrder) -> TrainedArtists:
    """Raises as `train_artists` does."""
    order.kept.mkdir(parents=True, exist_ok=True)
    kept = order.kept / f"{order.kind}.jsonl"
    trained = train_artists(
        own.block,
        labelled(own, order.kind),
        seed=order.seed,
        step=order.step,
        tried=candidates(own.block.parts, quick=order.smoke),
        noun=order.kind,
        least_others=LEAST_OTHERS if order.kind == ARTIST else 0,
        kept=kept,
        curve=not order.smoke,
    )
    kept.unlink()
    return trained


def put_into_service(
    kind: str, own: OwnWorks, trained: TrainedArtists, models: Models, store: ClassifierStore
) -> StoredClassifier:
    """Appends the `model` record, whose manifest lists the files of the training, and stores the classifier.

    Raises PushbackError when nothing can be appended now.
    """
    file = write_artist_model(trained.model)
    digest = model_digest(file)
    learned = [own.works[row] for row in trained.labels.rows]
    used = {work.sha256 for work in learned}
    report = {**trained.report, "left_out": {**trained.report["left_out"], **own.left_out}}
    with TemporaryDirectory(prefix="artledger-") as folder:
        manifest = Path(folder) / "manifest"
        manifest.write_text("".join(f"{each}\n" for each in sorted(used)))
        registered = models.register(_Facts(digest, kind, report, manifest))
    model = StoredClassifier(
        digest=digest,
        kind=kind,
        record_id=registered.ref.record_id,
        artists=tuple(sorted({work.artist_id for work in learned})),
        file=file,
        card=artist_model_card(kind, trained, digest),
        report=report,
    )
    store.put(model)
    return model


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the `model` record is made from (`ledger.flows.records.models.Registrable`)."""

    weights_sha256: str
    kind: str
    report: dict[str, Any]
    manifest: Path

    @property
    def format(self) -> str:
        return FORMAT

    @property
    def spec(self) -> bytes:
        figures = {name: f"{value}" for name, value in self.report.items() if isinstance(value, int | float)}
        return canonical.dumps({"classifies": self.kind, "figures": figures, "type": ARTIST_CLASSIFIER})

    @property
    def spec_sha256(self) -> str:
        return hashlib.sha256(self.spec).hexdigest()


def _block(works: Sequence[TrainableWork], spec: FingerprintSpec) -> FeatureBlock:
    hands = [work.fingerprint.hand for work in works]
    prints = [each for each in hands if isinstance(each, HandPrint)]
    parts = {
        technique.NAME: np.stack([each.technique for each in prints]),
        depths.NAME: np.stack([each.depths for each in prints]).astype(np.float32),
    }
    specs = hand_specs()
    described = canonical.loads(spec.document)["embeddings"]
    for name in (CLIP, VAE):
        if all(name in work.fingerprint.embeddings for work in works):
            parts[name] = np.stack([work.fingerprint.embeddings[name] for work in works]).astype(np.float32)
            specs[name] = canonical.digest(described[name])
    return FeatureBlock.of(parts, specs)
