"""Training pictures of the studio models: small squares, their words and the digests of their files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file

from ledger import canonical
from ledger.errors import InputError
from ledger.image.pool import DecodePool
from ledger.lab.train.pictures import OPENCLIPART, SourcePicture, collected, open_works
from ledger.lab.train.roles import Role, admitted, role_of
from ledger.lab.train.studio.captions import Subjects, subjects_of, title_of
from ledger.match.optout import NOBODY, OptOuts

SIDE = 128
"""Side, in pixels, of the pictures that the studio model generates and learns from."""
_MARGIN = 6
DRAWN = frozenset(
    {
        OPENCLIPART,
        "openmoji",
        "iconify-fluent-emoji",
        "iconify-noto",
        "iconify-twemoji",
        "iconify-meteocons",
        "iconify-emojione",
        "iconify-fxemoji",
        "iconify-noto-v1",
        "iconify-flat-color-icons",
        "iconify-streamline-freehand-color",
    }
)
"""Collections of drawings with words, under licences that allow the models made here."""
ROLES = frozenset({Role.TRAIN, Role.REFERENCE})
"""Without the roles NULL, BACKGROUND and HELD_OUT: style is measured with the models trained here."""


@dataclass(frozen=True, slots=True)
class StudioPictures:
    """n pictures in the order of their names."""

    names: tuple[str, ...]
    """`collection/key`."""
    pixels: NDArray[np.uint8]
    """Shape (n, SIDE, SIDE, 3), RGB over white."""
    subjects: tuple[Subjects, ...]
    sha256: tuple[tuple[str, ...], ...]
    """Digests of each picture's files (SourcePicture.sha256)."""

    def __len__(self) -> int:
        return len(self.names)

    @property
    def counts(self) -> dict[str, int]:
        """Number of pictures per collection."""
        return dict(Counter(name.partition("/")[0] for name in self.names))

    @property
    def manifest(self) -> bytes:
        """One digest a line, sorted, without duplicates; a `model` record's manifest root commits to it.

        A work has one line for every form in which it may be registered.
        """
        return "".join(f"{digest}\n" for digest in sorted(set(chain.from_iterable(self.sha256)))).encode()


def wanted(collection: str, maker: str) -> bool:
    """Whether the studio models may learn from a maker's pictures."""
    return collection in DRAWN and role_of(collection, maker) in ROLES


def drawn(
    pool: DecodePool, assets: Path | None, *, limit: int, seed: int, untrainable: OptOuts = NOBODY
) -> Iterator[SourcePicture]:
    """All drawings that the studio models may learn from; `limit` bounds the OpenClipart works that are read.

    Raises NotFoundError (`openclipart-missing`, `assets-missing`).
    """
    packages: Iterable[SourcePicture] = ()
    if assets is not None:
        packages = collected(assets, pool, seed=seed, only=wanted, whole=True, untrainable=untrainable)
    return chain(packages, open_works(pool, limit=limit, seed=seed, only=wanted, untrainable=untrainable))


def gather(pictures: Iterable[SourcePicture], destination: Path, *, most: int | None = None) -> None:
    """Writes the pictures as safetensors, with their words in the metadata.

    Raises ConflictError (`sealed-work`), InputError (`no-pictures`).
    """
    squares: dict[str, NDArray[np.uint8]] = {}
    words: dict[str, object] = {}
    for picture in admitted(pictures, wanted):
        name = f"{picture.collection}/{picture.key}"
        squares[name] = square(picture.image)
        title = picture.title or title_of(picture.collection, picture.key)
        words[name] = {"title": title, "keywords": list(picture.keywords), "sha256": list(picture.sha256)}
        if len(squares) == most:
            break
    if not squares:
        raise InputError("there is no picture to train on", code="no-pictures", hint="Install openclipart-svg.")
    partial = destination.with_suffix(".part")
    save_file(squares, partial, {"words": canonical.dumps(words).decode()})
    partial.replace(destination)


def read_studio_pictures(path: Path) -> StudioPictures:
    """Reads the file that `gather` wrote."""
    with safe_open(path, framework="numpy") as file:
        words = canonical.loads(file.metadata()["words"].encode())
        names = tuple(sorted(file.keys()))
        pixels = np.stack([file.get_tensor(name) for name in names])
    return StudioPictures(
        names=names,
        pixels=pixels,
        subjects=tuple(subjects_of([(words[name]["title"], words[name]["keywords"]) for name in names])),
        sha256=tuple(tuple(words[name]["sha256"]) for name in names),
    )


def square(image: Image.Image) -> NDArray[np.uint8]:
    """The whole picture on a white square of SIDE pixels, with a small margin."""
    room = SIDE - 2 * _MARGIN
    scale = room / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    ground = Image.new("RGB", (SIDE, SIDE), "white")
    ground.paste(image.resize(size, Image.Resampling.LANCZOS), ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return np.asarray(ground, np.uint8)
