"""The whole evaluation: reads works, computes features, runs the rounds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import NotFoundError
from ledger.fingerprint.clip_encoder import load_clip_encoder
from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.style_models import shipped_style_models
from ledger.fingerprint.vae_encoder import load_vae_encoder
from ledger.image.pool import DecodePool
from ledger.lab.evaluate.artists.report import ArtistsReport, evaluate_artists
from ledger.lab.evaluate.artists.works import FeatureReader, SourceWork, cache_heading, capped
from ledger.lab.evaluate.works import Progress
from ledger.lab.result_cache import ResultCache

QUICK_ARTISTS = 6
"""Artists of a short check."""


@dataclass(frozen=True, slots=True)
class ArtistsPlan:
    out: Path
    splits: int
    most: int
    """Works of one artist, at most."""
    collection: str
    """Name of the collection, also of its files."""
    works: Callable[[DecodePool], list[SourceWork]]
    seed: int
    quick: bool
    """A short check: few artists, without the slow classifiers."""

    @property
    def stem(self) -> str:
        """Of the names of files."""
        return f"artists-{re.sub('[^a-z0-9]+', '-', self.collection.lower()).strip('-')[:60]}"


def measure_artists(plan: ArtistsPlan, progress: Progress) -> ArtistsReport:
    """Raises NotFoundError (`openclipart-missing`, `openmoji-missing`, `model-missing`), ConflictError
    (`too-few-measurable`), InputError (`too-few-artists`, `nothing-readable`), and as `works` does."""
    models = shipped_style_models()
    if models is None:
        raise NotFoundError("there are no models of style", code="model-missing")
    style = (load_clip_encoder(models), load_vae_encoder(models))
    with (
        DecodePool() as pool,
        ResultCache(plan.out / f"{plan.stem}.jsonl", cache_heading(style, plan.collection)) as cache,
    ):
        found = capped(plan.works(pool), most=plan.most, seed=plan.seed, artists=QUICK_ARTISTS if plan.quick else None)
        measured = FeatureReader(pool, load_copy_encoder(), style, cache).measured(found, progress)
    return evaluate_artists(
        measured,
        plan.out / f"{plan.stem}-splits.jsonl",
        splits=plan.splits,
        seed=plan.seed,
        quick=plan.quick,
        progress=progress,
    )
