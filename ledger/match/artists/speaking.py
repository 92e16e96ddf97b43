"""Which works of an artist speak for the name: those that are drawn most like the picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from ledger.match.artists.features import FeatureBlock
from ledger.match.artists.model import ArtistModel

MOST_SPEAKING = 3
_TINY = 1e-9


def speaking_works(
    model: ArtistModel, asked: FeatureBlock, works: FeatureBlock, owned: Sequence[tuple[str, str]]
) -> Mapping[str, tuple[str, ...]]:
    """Ids of at most MOST_SPEAKING works by artist, nearest first.

    `asked`: one picture. `works` has one row for each of `owned`, which are pairs of an artist's and a work's id. Works
    are near by the cosine of the features that the model's widest expert sees, among those that see only features of
    `works`; without such an expert, no work speaks.
    """
    usable = [expert.fusion for expert in model.experts if set(expert.fusion.parts) <= works.parts.keys()]
    if not usable or not owned:
        return {}
    fusion = max(usable, key=lambda each: each.dimension)
    [picture], rows = fusion(asked), fusion(works)
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(picture)
    nearness = rows @ picture / np.maximum(lengths, _TINY)
    found: dict[str, list[str]] = defaultdict(list)
    for place in np.argsort(-nearness, kind="stable"):
        artist_id, work_id = owned[place]
        if len(found[artist_id]) < MOST_SPEAKING:
            found[artist_id].append(work_id)
    return {artist_id: tuple(each) for artist_id, each in found.items()}
