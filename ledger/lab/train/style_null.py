"""Makes the style null set: CLIP and VAE embeddings of the null set's pictures and of the background.

This takes a few minutes, mostly to read pictures: nothing is aligned, and only scales are fitted. The pictures are
edited as for the null set, with the same seed; their hashes identify their rows. Model card:
ledger/match/data/style-null-v2.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.errors import ConflictError
from ledger.fingerprint.clip_encoder import ClipEncoder
from ledger.fingerprint.complexity import comparable, complexity
from ledger.fingerprint.hashes import hashes
from ledger.fingerprint.style_config import PooledStatistics
from ledger.fingerprint.vae_encoder import VaeEncoder, standardised
from ledger.image.canonical_image import CanonicalImage
from ledger.image.pool import DecodePool
from ledger.lab.train.null_set_pictures import as_decoded, edited_query, grounded
from ledger.lab.train.pictures import SourcePicture
from ledger.lab.train.roles import Role, role_of
from ledger.match.block import hash_words
from ledger.match.null_set import NullSet
from ledger.match.ranking import decimal
from ledger.match.score import nearest_hamming
from ledger.match.style.measure import StyleBlock, StyleMeasure
from ledger.match.style.null import NEIGHBOURS, write_style_null

CLIP_SHARE = 0.5
"""CLIP's share of the score, in standard deviations of each embedding's nearness among unrelated pictures."""
_SAME = 8
"""Bits by which both pHashes of a picture together may differ from the null set's, since machines round differently."""
_LEAST_DEVIATION = 1e-3


@dataclass(frozen=True, slots=True)
class Embedded:
    """A picture's embeddings by both models."""

    row: int | None
    """Row of the null set; None for a background picture."""
    clip: NDArray[np.float16]
    """Shape (dimension,)."""
    pooled: NDArray[np.float32]
    """The VAE's raw statistics, shape (dimension,)."""


def embed(
    pictures: Iterable[SourcePicture],
    pool: DecodePool,
    null_set: NullSet,
    clip: ClipEncoder,
    vae: VaeEncoder,
    *,
    seed: int,
) -> Iterator[Embedded]:
    """Embeds the null and background pictures among the pictures that the null set was made from, in their order.

    Pass references too: without them the edits would differ.
    """
    prints = _Prints(null_set)
    for pairs in grounded(pictures):
        chosen = [pair for pair in pairs if _role(pair[0]) is not Role.REFERENCE]
        changed = [
            edited_query(picture, ground, seed) if _role(picture) is Role.NULL else None for picture, ground in chosen
        ]
        before = as_decoded(pool, [picture.image for picture, _ in chosen])
        after = as_decoded(
            pool, [edited or picture.image for (picture, _), edited in zip(chosen, changed, strict=True)]
        )
        wanted: list[tuple[int | None, CanonicalImage]] = []
        for (picture, _), clean, image in zip(chosen, before, after, strict=True):
            row = prints.row(clean, image) if _role(picture) is Role.NULL else None
            if row is not None or (_role(picture) is Role.BACKGROUND and _comparable(image)):
                wanted.append((row, image))
        images = [image.working for _, image in wanted]
        if images:
            rows = zip(wanted, clip.encode(images), vae.pooled(images), strict=True)
            yield from (Embedded(row, *vectors) for (row, _), *vectors in rows)


def pooled_statistics(embedded: Sequence[Embedded]) -> PooledStatistics:
    """Mean statistics of the background. Raises ConflictError (`background-too-small`)."""
    rows = np.stack([each.pooled for each in _background(embedded)]).astype(np.float64)
    deviation = np.maximum(rows.std(axis=0), _LEAST_DEVIATION)
    return PooledStatistics(
        mean=tuple(decimal(value) for value in rows.mean(axis=0)),
        deviation=tuple(decimal(value) for value in deviation),
    )


def style_null(embedded: Sequence[Embedded], statistics: PooledStatistics, style_part: str, null_set: NullSet) -> bytes:
    """The file (`ledger.match.style.null`) for the models with the digest `style_part` in a spec.

    Raises ConflictError (`background-too-small`, `no-strangers`).
    """
    found = {each.row: each for each in embedded if each.row is not None}
    if len(found) < 2:
        raise ConflictError(
            "the pictures of the null set are not among these",
            code="no-strangers",
            hint="Take the same packages, number of works and seed that it was made with: its model card lists them.",
        )
    rows = np.array(sorted(found), np.int64)
    pictures = _block([found[row] for row in rows.tolist()], statistics)
    background = _block(_background(embedded), statistics)
    return write_style_null(style_part, null_set.digest, rows, pictures, _measure(pictures, background))


def _measure(pictures: StyleBlock, background: StyleBlock) -> StyleMeasure:
    """Weights both embeddings by CLIP_SHARE, scaled so that their nearness among unrelated pictures varies equally."""

    def scale(clip: float, vae: float) -> float:
        measure = StyleMeasure(background, clip, vae, NEIGHBOURS)
        near = measure.nearness(pictures, measure.levels(pictures), pictures).score
        return 1 / max(float(near[~np.eye(len(near), dtype=bool)].std()), _LEAST_DEVIATION)

    return StyleMeasure(background, CLIP_SHARE * scale(1, 0), (1 - CLIP_SHARE) * scale(0, 1), NEIGHBOURS)


def _background(embedded: Sequence[Embedded]) -> list[Embedded]:
    found = [each for each in embedded if each.row is None]
    if len(found) < NEIGHBOURS:
        raise ConflictError(
            f"{len(found)} background pictures are too few: at least {NEIGHBOURS} are needed",
            code="background-too-small",
            hint="Background pictures come from the packages that the model card lists: --assets DIR.",
        )
    return found


def _block(embedded: Sequence[Embedded], statistics: PooledStatistics) -> StyleBlock:
    return StyleBlock(
        np.stack([each.clip for each in embedded]),
        np.stack([standardised(each.pooled, statistics) for each in embedded]),
    )


def _role(picture: SourcePicture) -> Role:
    return role_of(picture.collection, picture.maker)


def _comparable(image: CanonicalImage) -> bool:
    return comparable(image, complexity(image.working)) is None


class _Prints:
    """Finds rows of the null set by the hashes of its pictures, clean and as queries."""

    def __init__(self, null_set: NullSet) -> None:
        self._clean = null_set.sources.phash
        self._asked = null_set.queries.phash_views[null_set.starts, 0]

    def row(self, clean: CanonicalImage, asked: CanonicalImage) -> int | None:
        both = np.zeros(len(self._clean), np.int64)
        for image, known in ((clean, self._clean), (asked, self._asked)):
            words = hash_words([hashes(image.working).phash])
            both += nearest_hamming(words[:, None], known)[0]
        row = int(both.argmin())
        return row if both[row] <= _SAME else None
