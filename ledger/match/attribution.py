"""Attribution shares by the stated rule of FORMAT.md: a rule, not influence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ledger.match.types import Attribution, Match, Share


def attribute(matches: Sequence[Match], groups: Mapping[str, str], alpha: float) -> Attribution:
    """Shares of artists among the matches with p <= alpha, one match per duplicate group.

    `groups` names each work's duplicate group; a work without one stands alone. Of a group only its most probable match
    counts (the first in rank among equals). With probabilities p_i: unattributed = prod(1 - p_i), and an artist's
    share = (1 - unattributed) * (sum of their p_i) / (sum of all). Shares are in descending order and add up to 1 -
    unattributed.
    """
    counted: dict[str, Match] = {}
    for match in sorted(matches, key=lambda match: match.rank):
        group = groups.get(match.work_id, match.work_id)
        if match.p_value <= alpha and (group not in counted or match.score > counted[group].score):
            counted[group] = match
    unattributed = math.prod(1 - match.score for match in counted.values())
    total = math.fsum(match.score for match in counted.values())
    if total == 0:
        return Attribution(alpha, 1.0, ())
    sums: dict[str, float] = {}
    for match in counted.values():
        sums[match.artist_id] = sums.get(match.artist_id, 0.0) + match.score
    shares = [Share(artist_id, (1 - unattributed) * score / total) for artist_id, score in sums.items()]
    return Attribution(alpha, unattributed, tuple(sorted(shares, key=lambda share: (-share.share, share.artist_id))))
