"""On whose works the null set lands: for each unrelated picture, the artist of the work that is nearest to it.

Somebody whose works are plain or of a common design is near to more pictures by chance. Matches are to be compared with
this as well as with an artist's share of the works.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from ledger.match.bins import LOWEST
from ledger.match.calibration import background_levels
from ledger.match.null_set import NullSet
from ledger.match.score import Ranking, features
from ledger.match.self_null.scores import WorkBlock


def landings(null_set: NullSet, blocks: Iterable[WorkBlock], ranking: Ranking) -> Counter[str]:
    """Number of null pictures by artist id. `blocks`: all works; iterated twice, as for error rates.

    Null pictures that the corpus contains, themselves or as a variant, are left out. By fingerprints alone: nothing is
    aligned.
    """
    level, _ = background_levels(null_set, (block.prints for block in blocks), ranking.neighbours)
    best = np.full(len(null_set), LOWEST)
    artists = np.full(len(null_set), "", object)
    contained = np.zeros(len(null_set), np.bool_)
    for block in blocks:
        raw = null_set.best_pictures(ranking.raw(features(null_set.queries, level, block.prints)).astype(np.float64))
        nearest = raw.argmax(axis=1)
        nearer = raw[np.arange(len(raw)), nearest] > best
        best[nearer] = raw[nearer, nearest[nearer]]
        artists[nearer] = np.array(block.artist_ids, object)[nearest[nearer]]
        contained |= null_set.contained_in(block.prints)
    return Counter(str(artist) for artist, left_out in zip(artists, contained, strict=True) if artist and not left_out)
