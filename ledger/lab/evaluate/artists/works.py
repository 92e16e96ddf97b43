"""The works that are measured on, and their features, kept in a cache."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from ledger import canonical
from ledger.corpus.sealed import is_sealed
from ledger.corpus.sources.openclipart import OpenClipartSource
from ledger.corpus.terms import may
from ledger.corpus.unknown_artists import is_nobody
from ledger.corpus.work import AllowedUse, Source
from ledger.errors import InputError
from ledger.fingerprint import copy_descriptor
from ledger.fingerprint.complexity import comparable, complexity
from ledger.fingerprint.copy_encoder import CopyEncoder
from ledger.fingerprint.fingerprint import Encoder, Fingerprint
from ledger.fingerprint.hand.hand import hand_prints, hand_specs
from ledger.fingerprint.hashes import hashes
from ledger.image.canonical_image import CanonicalImage
from ledger.image.pool import DecodePool
from ledger.lab.evaluate.artists import histogram
from ledger.lab.evaluate.works import Progress
from ledger.lab.result_cache import ResultCache
from ledger.lab.train.artist.groups import duplicate_groups
from ledger.lab.train.artist.labels import LabelledWork, joined_names, spread, subject_of
from ledger.lab.train.pictures import OPENCLIPART, open_items
from ledger.match.artists.features import FeatureBlock

COPY = copy_descriptor.NAME
OTHERS = 6
LEARNED_FOR: tuple[AllowedUse, ...] = ("train", "style")
"""Uses that a work's terms must allow for a classifier to learn from it."""
_BATCH = 16


@dataclass(frozen=True, slots=True)
class SourceWork:
    """A work to measure on, not read yet."""

    key: str
    artist: str
    subject: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class MeasuredWorks:
    """Works with features; row i of `block` belongs to `works[i]`."""

    works: Sequence[LabelledWork]
    block: FeatureBlock

    def __getitem__(self, rows: Sequence[int]) -> MeasuredWorks:
        return MeasuredWorks([self.works[row] for row in rows], self.block[np.array(rows, np.int64)])


def open_artists(pool: DecodePool) -> list[SourceWork]:
    """OpenClipart works that are not sealed, allow training and name an artist.

    Raises NotFoundError (`openclipart-missing`).
    """
    source = OpenClipartSource(rasterise=pool.rasterise)
    items = [item for item in open_items(source) if not is_nobody(item.artist)]
    names = joined_names(item.artist for item in items)
    return [
        SourceWork(item.key, names[item.artist], item.labels["subject"], partial(source.read, item)) for item in items
    ]


def works_of(source: Source) -> list[SourceWork]:
    """Works of any source that name an artist and allow both `train` and `style`; of OpenClipart, without sealed ones.

    Raises InputError (`nothing-to-measure`), and as the source does.
    """
    items = [
        item
        for item in source.items()
        if item.left_out is None
        and not is_nobody(item.artist)
        and all(may(use, item.allowed_uses, withdrawn=False) for use in LEARNED_FOR)
        and not (source.name == OPENCLIPART and is_sealed(item.key))
    ]
    if not items:
        raise InputError(
            f"no work of {source.name} names an artist and allows both train and style",
            code="nothing-to-measure",
            hint="State the uses in a column allowed_uses, such as match|train|style.",
        )
    names = joined_names(item.artist for item in items)
    return [
        SourceWork(item.key, names[item.artist], subject_of(item.labels) or item.key, partial(source.read, item))
        for item in items
    ]


def capped(found: Sequence[SourceWork], *, most: int, seed: int, artists: int | None = None) -> list[SourceWork]:
    """At most `most` works by one artist, from as many subjects as possible. With `artists`, only of so many with most
    works, and one each of OTHERS times as many who have few: a short check."""
    if artists is not None:
        found = _of_few(found, artists)
    works = [LabelledWork(each.key, each.artist, each.subject, each.key) for each in found]
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, work in enumerate(works):
        rows_of[work.artist].append(row)
    rows = sorted(row for rows in rows_of.values() for row in spread(works, rows, most, seed))
    return [found[row] for row in rows]


def _of_few(found: Sequence[SourceWork], artists: int) -> list[SourceWork]:
    by_artist: dict[str, list[SourceWork]] = defaultdict(list)
    for work in found:
        by_artist[work.artist].append(work)
    order = sorted(by_artist.values(), key=lambda works: (-len({each.subject for each in works}), works[0].key))
    others = [works[0] for works in order[-OTHERS * artists :]]
    return [work for works in order[:artists] for work in works] + others


class FeatureReader:
    """Computes the features of works, or takes them from the cache."""

    def __init__(self, pool: DecodePool, copies: CopyEncoder, style: Sequence[Encoder], cache: ResultCache) -> None:
        self._pool = pool
        self._copies = copies
        self._style = style
        self._cache = cache

    def measured(self, found: Sequence[SourceWork], progress: Progress) -> MeasuredWorks:
        """The works that can be decoded and compared, in order. Raises InputError (`nothing-readable`)."""
        todo = [each for each in found if each.key not in self._cache]
        done = len(found) - len(todo)
        progress("describing works", done, len(found))
        decoded = self._pool.decode_all((each.key, each.read) for each in todo)
        for batch in _batches(decoded):
            self._put(batch)
            done += len(batch)
            progress("describing works", done, len(found))
        kept = [(each, self._cache[each.key]) for each in found if self._cache[each.key] is not None]
        if not kept:
            raise InputError("none of the works can be read", code="nothing-readable")
        groups = duplicate_groups([_fingerprint(values) for _, values in kept])
        works = [
            LabelledWork(each.key, each.artist, each.subject, group)
            for (each, _), group in zip(kept, groups, strict=True)
        ]
        specs = feature_specs(self._style)
        parts = {name: np.stack([_array(values["parts"][name]) for _, values in kept]) for name in specs}
        return MeasuredWorks(works, FeatureBlock.of(parts, specs))

    def _put(self, batch: Sequence[tuple[str, CanonicalImage | InputError]]) -> None:
        images = [(key, image) for key, image in batch if not isinstance(image, InputError)]
        for key, image in batch:
            if isinstance(image, InputError):
                self._cache.put(key, None)
        if not images:
            return
        pictures = [image.working for _, image in images]
        prints = hand_prints(self._copies, pictures)
        parts = {name: list(rows) for name, rows in prints.parts.items()}
        parts[COPY] = list(prints.copy.astype(np.float32))
        parts |= {encoder.name: list(encoder.encode(pictures).astype(np.float32)) for encoder in self._style}
        parts[histogram.NAME] = [histogram.histogram(picture) for picture in pictures]
        for row, (key, image) in enumerate(images):
            detail = complexity(image.working)
            if comparable(image, detail) is not None:
                self._cache.put(key, None)
                continue
            made = hashes(image.working)
            self._cache.put(key, {
                "parts": {name: b64encode(rows[row].astype("<f4").tobytes()).decode() for name, rows in parts.items()},
                "phash": made.phash.hex(), "pdq": made.pdq.hex(), "pdq_quality": made.pdq_quality,
                "complexity": detail,
            })  # fmt: skip


def feature_specs(style: Sequence[Encoder]) -> dict[str, str]:
    """Every kind of features, baselines included -> digest of how it is computed."""
    return {
        **hand_specs(),
        COPY: canonical.digest(dict(copy_descriptor.describe())),
        **{encoder.name: canonical.digest(dict(encoder.describe())) for encoder in style},
        histogram.NAME: canonical.digest({"algorithm": histogram.NAME, "version": histogram.VERSION}),
    }


def cache_heading(style: Sequence[Encoder], collection: str) -> Mapping[str, Any]:
    return {"features": feature_specs(style), "collection": collection}


def _batches(
    decoded: Iterator[tuple[str, CanonicalImage | InputError]],
) -> Iterator[list[tuple[str, CanonicalImage | InputError]]]:
    while batch := list(islice(decoded, _BATCH)):
        yield batch


def _array(text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.frombuffer(b64decode(text), "<f4")


def _fingerprint(values: Mapping[str, Any]) -> Fingerprint:
    """As far as near duplicates are found by it."""
    return Fingerprint(
        spec="",
        phash=bytes.fromhex(values["phash"]),
        pdq=bytes.fromhex(values["pdq"]),
        pdq_quality=values["pdq_quality"],
        embeddings={COPY: _array(values["parts"][COPY]).astype(np.float16)},
        complexity=values["complexity"],
        local=b"",
    )
