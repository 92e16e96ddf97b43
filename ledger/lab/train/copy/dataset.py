"""Training pictures of the copy descriptor, small and in one file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from ledger.errors import InputError
from ledger.image.canonical_image import Pixels
from ledger.lab.train.pictures import PHOTOGRAPHS, SourcePicture
from ledger.lab.train.roles import Role, admitted, role_of

STORED_SIDE = 384
"""Longest side, in pixels, of a stored picture."""


@dataclass(frozen=True, slots=True)
class TrainingPictures:
    """n pictures, RGB over white, each kept as the bytes of a PNG file: their pixels would fill the memory."""

    names: tuple[str, ...]
    """`collection/key`, in order."""
    files: tuple[NDArray[np.uint8], ...]

    def __len__(self) -> int:
        return len(self.files)

    def picture(self, index: int) -> Pixels:
        decoded = cv2.imdecode(self.files[index], cv2.IMREAD_COLOR)
        assert decoded is not None  # noqa: S101 - `gather` wrote it
        return np.ascontiguousarray(decoded[..., ::-1], np.uint8)

    def reference(self, index: int, side: int) -> Pixels:
        """The picture as a registered work, (side, side, 3)."""
        return np.asarray(cv2.resize(self.picture(index), (side, side), interpolation=cv2.INTER_AREA), np.uint8)

    def photographs(self) -> list[int]:
        return [index for index, name in enumerate(self.names) if name.startswith(PHOTOGRAPHS)]


def gather(pictures: Iterable[SourcePicture], destinations: dict[Role, Path]) -> None:
    """Writes the pictures of each of these roles into its file, as safetensors.

    Raises ConflictError (`sealed-work`), InputError (`no-pictures`: none to train on).
    """
    found: dict[Role, dict[str, NDArray[np.uint8]]] = {role: {} for role in destinations}
    for picture in admitted(pictures, lambda collection, maker: role_of(collection, maker) in destinations):
        small = picture.image.copy()
        small.thumbnail((STORED_SIDE, STORED_SIDE))
        _, file = cv2.imencode(".png", np.asarray(small)[..., ::-1])
        role = role_of(picture.collection, picture.maker)
        found[role][f"{picture.collection}/{picture.key}"] = np.asarray(file, np.uint8).reshape(-1)
    if not found[Role.TRAIN]:
        raise InputError("there is no picture to train on", code="no-pictures", hint="Name a folder of packages.")
    for role, files in found.items():
        partial = destinations[role].with_suffix(".part")
        save_file(files, partial)
        partial.replace(destinations[role])


def read_training_pictures(path: Path) -> TrainingPictures:
    """Reads the pictures, in the order of their names."""
    with safe_open(path, framework="numpy") as file:
        names = tuple(sorted(file.keys()))
        return TrainingPictures(names, tuple(file.get_tensor(name) for name in names))
