"""Tests whether a generator makes what it is asked for, judged by the open works nearest to its pictures.

For each prompt, it counts how often the subject is among the words of the ten open works nearest by copy descriptor.
The same count for the pictures of all other prompts ("shuffled") shows the level of chance. No classifier is used.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ledger.corpus.sealed import is_sealed
from ledger.corpus.sources.openclipart import OpenClipartSource
from ledger.errors import InputError
from ledger.fingerprint import copy_descriptor
from ledger.fingerprint.copy_encoder import CopyEncoder
from ledger.generate.picture import Generator
from ledger.generate.request import GenerationRequest
from ledger.image.canonical_image import Pixels
from ledger.image.pool import DecodePool
from ledger.lab.evaluate.metrics import bootstrap
from ledger.lab.evaluate.works import Progress
from ledger.lab.result_cache import ResultCache
from ledger.lab.train.studio.prompts import PROMPTS
from ledger.lab.train.studio.sheet import save_sheet

NEAREST = 10
_BATCH = 16
ACROSS = 8


@dataclass(frozen=True, slots=True)
class NearWorks:
    """Open works that generated pictures are compared with."""

    words: Sequence[frozenset[str]]
    """Words of title, keywords and subject folder, in the singular."""
    vectors: NDArray[np.float32]
    """Shape (n, dimension), rows L2-normalised."""

    def share(self, vector: NDArray[np.float16], word: str) -> float:
        """Share of the NEAREST works that have the word."""
        near = np.argsort(-(self.vectors @ vector.astype(np.float32)))[:NEAREST]
        return sum(word in self.words[index] for index in near) / len(near)

    def base_rate(self, word: str) -> float:
        """Share of all works that have the word."""
        return sum(word in words for words in self.words) / len(self.words)


@dataclass(frozen=True, slots=True)
class SubjectReport:
    document: dict[str, Any]
    pictures: NDArray[np.uint8]
    """Shape (prompts, per prompt, height, width, 3)."""


def read_works(pool: DecodePool, encoder: CopyEncoder, cache: Path, limit: int, progress: Progress) -> NearWorks:
    """At most `limit` open OpenClipart works; the file `cache` keeps their descriptors.

    Raises NotFoundError (`openclipart-missing`).
    """
    source = OpenClipartSource(rasterise=pool.rasterise)
    items = [item for item in source.items() if not is_sealed(item.key) and "alias_of" not in item.labels][:limit]
    with ResultCache(cache, {"descriptor": copy_descriptor.WEIGHTS_SHA256}) as kept:
        todo = [item for item in items if item.key not in kept]
        for start in range(0, len(todo), _BATCH):
            progress("describing open works", len(items) - len(todo) + start, len(items))
            batch = todo[start : start + _BATCH]
            pictures = [_decoded(pool, partial(source.read, item)) for item in batch]
            vectors = iter(encoder.encode([picture for picture in pictures if picture is not None]))
            for item, picture in zip(batch, pictures, strict=True):
                kept.put(item.key, None if picture is None else b64encode(next(vectors).tobytes()).decode())
        known = [item for item in items if kept[item.key] is not None]
        vectors_of = [np.frombuffer(b64decode(kept[item.key]), np.float16) for item in known]
    words = [words_of(f"{item.title} {item.labels.get('keywords', '')} {item.key}") for item in known]
    return NearWorks(words, np.stack(vectors_of).astype(np.float32))


def words_of(text: str) -> frozenset[str]:
    """Lowercase words without a plural `s`."""
    found = re.findall("[a-z]+", text.lower())
    return frozenset(word.removesuffix("s") if len(word) > 3 else word for word in found)


def evaluate_subjects(
    generator: Generator,
    encoder: CopyEncoder,
    works: NearWorks,
    *,
    prompts: Sequence[str] = PROMPTS,
    per_prompt: int,
    seed: int,
    progress: Progress,
) -> SubjectReport:
    """The report: mean shares `prompted` and `shuffled`, `ratio` with its 95% interval by bootstrap over prompts."""
    made = []
    for number, prompt in enumerate(prompts):
        progress("generating", number, len(prompts))
        request = GenerationRequest.of(generator.limits, prompt, seed=seed, count=per_prompt)
        made.append(np.stack([generator.generate(request, index) for index in range(per_prompt)]))
    pictures = np.stack(made)
    vectors = [encoder.encode(list(each)) for each in pictures]
    subjects = [next(iter(words_of(prompt.split()[-1]))) for prompt in prompts]
    shares = np.array([[np.mean([works.share(v, word) for v in each]) for word in subjects] for each in vectors])
    document = {
        "prompts": len(prompts),
        "pictures": pictures.shape[0] * pictures.shape[1],
        "works": len(works.words),
        "nearest": NEAREST,
        **share_ratio(shares),
        "per_prompt": [
            {
                "prompt": prompt,
                "prompted": round(float(shares[i, i]), 4),
                "shuffled": round(float(np.delete(shares[:, i], i).mean()), 4),
                "all_works": round(works.base_rate(word), 4),
            }
            for i, (prompt, word) in enumerate(zip(prompts, subjects, strict=True))
        ],
    }
    return SubjectReport(document, pictures)


def share_ratio(shares: NDArray[np.float64]) -> dict[str, Any]:
    """`shares[i, j]`: how often the subject of prompt j is near the pictures of prompt i."""
    count = len(shares)
    own = shares.diagonal()
    others = (shares.sum(axis=0) - own) / (count - 1)

    def ratio(weights: NDArray[np.float64]) -> float:
        return float((own * weights).sum() / max((others * weights).sum(), 1e-9))

    interval = bootstrap(ratio, np.arange(count))
    return {
        "prompted": round(float(own.mean()), 4),
        "shuffled": round(float(others.mean()), 4),
        "ratio": round(ratio(np.ones(count)), 2),
        "interval": [round(interval.low, 2), round(interval.high, 2)],
    }


def _decoded(pool: DecodePool, read: Callable[[], bytes]) -> Pixels | None:
    try:
        return pool.decode(read()).working
    except InputError:
        return None


def save_grid(report: SubjectReport, path: Path) -> None:
    """Writes a PNG with eight prompts side by side; the pictures of one prompt form a column."""
    prompts, per_prompt, *picture = report.pictures.shape
    blank = np.full((-prompts % ACROSS, per_prompt, *picture), 255, np.uint8)
    rows = np.concatenate([report.pictures, blank]).reshape(-1, ACROSS, per_prompt, *picture).swapaxes(1, 2)
    save_sheet(rows.reshape(-1, *picture), path, across=ACROSS)
