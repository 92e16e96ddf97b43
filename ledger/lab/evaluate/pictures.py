"""Selects the pictures of an evaluation: nothing was fitted on them, and sealed works are never read.

Copied works and unrelated pictures are by held-out artists (`ledger.lab.train.roles`). All works of one subject are on
one side, so that no series is split. The rest of the corpus are distractors: never copied, never asked about.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from ledger.corpus.sealed import is_sealed
from ledger.corpus.sources.openclipart import OpenClipartSource
from ledger.errors import ConflictError, InputError, NotFoundError
from ledger.image.canonical_image import Pixels
from ledger.image.pool import DecodePool
from ledger.lab.evaluate.baselines import NEIGHBOURS
from ledger.lab.evaluate.edits.kinds import Grounds
from ledger.lab.train.pictures import COLLECTIONS, OPENCLIPART, SIDE, SourcePicture, collected
from ledger.lab.train.roles import MOST_BY_ONE, Role, role_of

BACKGROUND = 200
"""At most this many works outside the corpus normalise the baselines' scores; fewer for a smaller corpus."""
PHOTOGRAPHS = "mate-backgrounds"
"""The held-out collection of photographs that works are pasted on."""
MOST_PHOTOGRAPHS = 160
HELD_OUT = frozenset(collection.name for collection in COLLECTIONS if role_of(collection.name, "") is Role.HELD_OUT)
"""Collections that nothing was fitted on."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a collection. It is read when needed, because thousands do not fit into memory."""

    collection: str
    key: str
    read: Callable[[], bytes]
    """Its file's bytes. Raises InputError."""
    maker: str = ""
    """Its artist, or whatever else tells makers apart."""

    @property
    def name(self) -> str:
        return f"{self.collection}/{self.key}"

    def pixels(self) -> Pixels:
        """RGB over white, longest side at most SIDE. Raises InputError."""
        try:
            with Image.open(BytesIO(self.read())) as opened:
                image = opened.convert("RGBA")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise InputError(f"cannot read {self.name}: {error}", code="bad-image") from error
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A"))
        return np.asarray(flat)


@dataclass(frozen=True, slots=True)
class Selection:
    copied: Sequence[Picture]
    """Works of the corpus that are copied."""
    distractors: Sequence[Picture]
    """The rest of the corpus."""
    unrelated: Sequence[Picture]
    """Pictures outside the corpus; they may still include variants of its works."""
    background: Sequence[Picture]

    photographs: Sequence[Picture]
    """Held-out photographs; works are pasted on them."""

    @property
    def corpus(self) -> Sequence[Picture]:
        return [*self.copied, *self.distractors]

    def grounds(self, names: Container[str]) -> Grounds:
        """Pictures to put works on or beside: photographs, and the unrelated pictures with these names."""
        unrelated = [picture for picture in self.unrelated if picture.name in names]
        others = [picture.pixels for picture in unrelated if picture.collection != PHOTOGRAPHS]
        return Grounds([picture.pixels for picture in self.photographs], others)


def select(pool: DecodePool, *, works: int, unrelated: int, assets: Path | None, seed: int) -> Selection:
    """At most `works` in the corpus, held-out ones first, and at most `unrelated`.

    Raises NotFoundError (`openclipart-missing`, `assets-missing`), ConflictError (`nothing-held-out`).
    """
    if assets is not None and not any((assets / collection.name).is_dir() for collection in COLLECTIONS):
        raise NotFoundError(
            f"none of the collections is below {assets}",
            code="assets-missing",
            hint="Unpack the packages that the model cards list, one folder each, named as there.",
        )
    by_role = _open_works(pool, seed)
    held_out = by_role[Role.HELD_OUT]
    copied = [work for work in held_out if not _outside(work.key)][:works]
    outside = [work for work in held_out if _outside(work.key)][:unrelated]
    if not copied or not outside:
        raise ConflictError("no open work is by a held-out artist: nothing to measure on", code="nothing-held-out")
    others = [work for role in (Role.REFERENCE, Role.NULL, Role.TRAIN) for work in by_role[role]]
    apart = min(BACKGROUND, max(NEIGHBOURS, works))
    background, others = others[-apart:], others[:-apart]
    random.Random(seed).shuffle(others)  # noqa: S311 - a sample, not a secret
    distractors = others[: works - len(copied)]
    photographs: list[Picture] = []
    if assets is not None:
        photographs = _taken(assets, {PHOTOGRAPHS}, MOST_PHOTOGRAPHS, pool, seed)
        outside += photographs[: (unrelated - len(outside)) // 2]
        outside += _taken(assets, HELD_OUT - {PHOTOGRAPHS}, unrelated - len(outside), pool, seed)
        missing = works - len(copied) - len(distractors)
        distractors += _taken(assets, {each.name for each in COLLECTIONS} - HELD_OUT, missing, pool, seed)
    return Selection(copied, distractors, outside, background, photographs)


def _open_works(pool: DecodePool, seed: int) -> dict[Role, list[Picture]]:
    """Open works by role, in an order determined by the seed. Reads no pixels."""
    source = OpenClipartSource(rasterise=pool.rasterise)
    items = [item for item in source.items() if not is_sealed(item.key) and "alias_of" not in item.labels]
    random.Random(seed).shuffle(items)  # noqa: S311 - a sample, not a secret
    by_role: dict[Role, list[Picture]] = {role: [] for role in Role}
    taken: Counter[str] = Counter()
    for item in items:
        maker = item.artist or item.labels["subject"]
        role = role_of(OPENCLIPART, maker)
        taken[maker] += 1
        if role is Role.HELD_OUT and taken[maker] > MOST_BY_ONE:
            continue  # otherwise one artist's series would dominate the questions
        by_role[role].append(Picture(OPENCLIPART, item.key, partial(source.read, item), maker))
    return by_role


def _outside(key: str) -> bool:
    """Whether a held-out subject stays out of the corpus: half of the subjects do."""
    return hashlib.sha256(f"stranger/{key.rpartition('/')[0]}".encode()).digest()[0] < 128


def _taken(assets: Path, names: Collection[str], count: int, pool: DecodePool, seed: int) -> list[Picture]:
    """At most `count` pictures of these collections; empty if no collection is present."""
    pictures = collected(assets, pool, seed=seed, only=lambda collection, _: collection in names)
    return [_loaded(picture) for picture in islice(pictures, max(0, count))]


def _loaded(picture: SourcePicture) -> Picture:
    """Keeps the picture as an encoded file, which takes a tenth of the memory of its pixels."""
    file = BytesIO()
    picture.image.save(file, "PNG", compress_level=1)
    return Picture(picture.collection, picture.key, file.getvalue, f"{picture.collection}/{picture.maker}")
