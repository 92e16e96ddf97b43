"""`artledger train studio --part copy`: from pictures to the shipped files of the copy descriptor."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save as save_safetensors

from ledger.fingerprint import copy_descriptor as descriptor
from ledger.fingerprint import local_parameters
from ledger.lab.train.copy.dataset import TrainingPictures, gather, read_training_pictures
from ledger.lab.train.copy.log import CopyTrainingLog
from ledger.lab.train.copy.network import CopyNetwork
from ledger.lab.train.copy.training import CopyTraining, CopyTrainingPlan, CopyTrainingReport
from ledger.lab.train.local_projection import fit_local_projection
from ledger.lab.train.pictures import SourcePicture
from ledger.lab.train.roles import Role

SMOKE = CopyTrainingPlan(steps=6, batch=16, side=64, validate_every=6)
"""A plan that runs the whole path in a minute; its results are useless."""
SMOKE_PICTURES = 96
_LOCAL_PICTURES = 700
LOG = "log.txt"
ROLES = frozenset({Role.TRAIN, Role.VALIDATION})


@dataclass(frozen=True, slots=True)
class CopyDescriptorFiles:
    """The built files and facts about them."""

    weights: Path
    weights_sha256: str
    local: Path
    local_sha256: str
    pictures: Mapping[str, int]
    """Number of training pictures per collection."""
    last: CopyTrainingReport | None
    """None if training had already finished."""


def train_copy_descriptor(
    pictures: Callable[[], Iterable[SourcePicture]],
    checkpoints: Path,
    destination: Path,
    plan: CopyTrainingPlan,
    progress: Callable[[CopyTrainingReport], None],
) -> CopyDescriptorFiles:
    """Gathers the pictures once, trains from the last checkpoint, and writes float16 safetensors.

    The folder of checkpoints also gets a log.

    Raises ConflictError (`sealed-work`), MissingPackageError (`weights-missing`: ImageNet's), InputError
    (`no-pictures`).
    """
    trained_on, validation = gathered_pictures(pictures, checkpoints)
    training = CopyTraining(trained_on, validation, checkpoints, plan)
    log = CopyTrainingLog(checkpoints / LOG)
    start = training.start_recall()
    if start is not None:
        log.recall(0, start)

    def report(at: CopyTrainingReport) -> None:
        log.step(at)
        progress(at)

    last = training.run(report)
    weights = destination / descriptor.WEIGHTS_FILE.name
    local = destination / local_parameters.PROJECTION_FILE.name
    return CopyDescriptorFiles(
        weights=weights,
        weights_sha256=_written(weights, weights_of(training.network())),
        local=local,
        local_sha256=_written(local, _local_projection(trained_on, plan.seed)),
        pictures=Counter(name.partition("/")[0] for name in trained_on.names),
        last=last,
    )


def gathered_pictures(
    pictures: Callable[[], Iterable[SourcePicture]], folder: Path
) -> tuple[TrainingPictures, TrainingPictures]:
    """Those to train on and those to measure with, read from `folder`, where they are written first if need be."""
    files = {Role.TRAIN: folder / "pictures.safetensors", Role.VALIDATION: folder / "validation.safetensors"}
    if not all(file.exists() for file in files.values()):
        gather(pictures(), files)
    return read_training_pictures(files[Role.TRAIN]), read_training_pictures(files[Role.VALIDATION])


def weights_of(network: CopyNetwork) -> bytes:
    """Float16 safetensors; the same bytes for the same weights."""
    state = network.state_dict()
    return save_safetensors({name: tensor.to(torch.float16).contiguous() for name, tensor in sorted(state.items())})


def _local_projection(pictures: TrainingPictures, seed: int) -> bytes:
    chosen = np.random.default_rng(seed).permutation(len(pictures))[:_LOCAL_PICTURES]
    return fit_local_projection(pictures.picture(index) for index in chosen)


def _written(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()
