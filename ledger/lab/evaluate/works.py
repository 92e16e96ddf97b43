"""Fingerprints, previews and baseline descriptions of the works of an evaluation, kept in a cache."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from ledger.errors import InputError
from ledger.fingerprint.complexity import comparable
from ledger.fingerprint.fingerprint import Fingerprint
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.image.canonical_image import CanonicalImage
from ledger.image.pool import DecodePool
from ledger.image.preview import make_preview
from ledger.lab.evaluate.baselines import Baseline
from ledger.lab.evaluate.pictures import Picture
from ledger.lab.result_cache import ResultCache
from ledger.match.candidate import Candidate

Progress = Callable[[str, int, int | None], None]
"""Stage, done, total: as `ledger.flows.progress.Progress`."""
_BATCH = 16


@dataclass(frozen=True, slots=True)
class DescribedWork:
    """A picture with everything that registration would compute."""

    candidate: Candidate
    preview: bytes
    second: bytes | None
    """Preview of its second view, where it has one."""
    described: Mapping[str, bytes]
    """Descriptions by baseline."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The tools of a measurement: decoding pool, fingerprinter, baselines, and the cache for works."""

    pool: DecodePool
    fingerprinter: Fingerprinter
    baselines: Sequence[Baseline]
    cache: ResultCache

    def works(self, pictures: Sequence[Picture], stage: str, progress: Progress) -> list[DescribedWork]:
        """Works in order, without pictures that cannot be decoded or compared (blank, tiny)."""
        todo = [picture for picture in pictures if picture.name not in self.cache]
        done = len(pictures) - len(todo)
        progress(stage, done, len(pictures))
        for batch in self._batches(todo):
            self._put([(name, image) for name, image in batch if not isinstance(image, InputError)])
            for name, image in batch:
                if isinstance(image, InputError):
                    self.cache.put(name, None)
            done += len(batch)
            progress(stage, done, len(pictures))
        return [_read(picture, kept) for picture in pictures if (kept := self.cache[picture.name]) is not None]

    def _batches(self, pictures: Sequence[Picture]) -> Iterator[list[tuple[str, CanonicalImage | InputError]]]:
        decoded = self.pool.decode_all(((picture.name, picture.read) for picture in pictures), second=True)
        while batch := list(islice(decoded, _BATCH)):
            yield batch

    def _put(self, images: Sequence[tuple[str, CanonicalImage]]) -> None:
        pictures = [image for _, image in images]
        prints, seconds = self.fingerprinter.works(pictures), self.fingerprinter.second_views(pictures)
        for (name, image), fingerprint, second in zip(images, prints, seconds, strict=True):
            if comparable(image, fingerprint.complexity) is not None:
                self.cache.put(name, None)
                continue
            described = {baseline.name: baseline.describe(image.working) for baseline in self.baselines}
            self.cache.put(name, _kept(image, fingerprint, described) | {"second": _kept_second(image, second)})


def text(data: bytes) -> str:
    """Base64."""
    return b64encode(data).decode()


def _kept(image: CanonicalImage, fingerprint: Fingerprint, described: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "sha256": image.sha256,
        "pixel_sha256": image.pixel_sha256,
        "preview": text(make_preview(image.working)),
        **_kept_fingerprint(fingerprint),
        "described": {name: text(data) for name, data in described.items()},
    }


def _kept_second(image: CanonicalImage, fingerprint: Fingerprint | None) -> dict[str, Any] | None:
    if image.second is None or fingerprint is None:
        return None
    return {"preview": text(make_preview(image.second)), **_kept_fingerprint(fingerprint)}


def _kept_fingerprint(fingerprint: Fingerprint) -> dict[str, Any]:
    return {
        "spec": fingerprint.spec,
        "phash": text(fingerprint.phash),
        "pdq": text(fingerprint.pdq),
        "pdq_quality": fingerprint.pdq_quality,
        "embeddings": {name: text(vector.astype("<f2").tobytes()) for name, vector in fingerprint.embeddings.items()},
        "complexity": fingerprint.complexity,
        "local": text(fingerprint.local),
    }


def _read(picture: Picture, kept: Mapping[str, Any]) -> DescribedWork:
    second = kept["second"]
    candidate = Candidate(
        work_id=picture.name,
        artist_id=picture.maker,
        sha256=kept["sha256"],
        pixel_sha256=kept["pixel_sha256"],
        registration_record_id="",
        registration_leaf_hash="",
        fingerprint=_read_fingerprint(kept),
    )
    return DescribedWork(
        candidate=candidate if second is None else replace(candidate, second=_read_fingerprint(second)),
        preview=b64decode(kept["preview"]),
        second=None if second is None else b64decode(second["preview"]),
        described={baseline: b64decode(data) for baseline, data in kept["described"].items()},
    )


def _read_fingerprint(kept: Mapping[str, Any]) -> Fingerprint:
    return Fingerprint(
        spec=kept["spec"],
        phash=b64decode(kept["phash"]),
        pdq=b64decode(kept["pdq"]),
        pdq_quality=kept["pdq_quality"],
        embeddings={key: np.frombuffer(b64decode(data), np.float16) for key, data in kept["embeddings"].items()},
        complexity=kept["complexity"],
        local=b64decode(kept["local"]),
    )


def different(described: Sequence[DescribedWork]) -> tuple[list[DescribedWork], dict[str, int]]:
    """Works with different pixels, and each picture's column among them. Of two registrations of one picture an answer
    names one, so the other would count as lost."""
    works: list[DescribedWork] = []
    columns: dict[str, int] = {}
    place = {}
    for work in described:
        column = columns.setdefault(work.candidate.pixel_sha256, len(works))
        if column == len(works):
            works.append(work)
        place[work.candidate.work_id] = column
    return works, place
