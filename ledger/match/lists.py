"""FORMAT.md's closed lists about matches, separate from the types so that a verifier needs no numpy."""

from __future__ import annotations

from enum import StrEnum


class Relation(StrEnum):
    """Relation of a registered work to a picture. The first four are copies, proven by digests or verified by aligning
    both pictures; the last claims nothing."""

    EXACT = "exact"
    SAME_PIXELS = "same-pixels"
    NEAR_DUPLICATE = "near-duplicate"
    PARTIAL_COPY = "partial-copy"
    UNVERIFIED = "unverified"
    """Close (p <= alpha), but aligning both pictures confirmed no copy."""
    SIMILAR_STYLE = "similar-style"
    """Near in style (the p-value of style is at most its alpha)."""
    NEAREST = "nearest"
    """Near by rank only: no claim."""


IDENTICAL = frozenset({Relation.EXACT, Relation.SAME_PIXELS})
"""Equality of digests: no rate of chance applies."""
COPY_RELATIONS = frozenset({Relation.EXACT, Relation.SAME_PIXELS, Relation.NEAR_DUPLICATE, Relation.PARTIAL_COPY})

FUSED_SCORE = "fused"
"""Raw measurement of a match whose p-value is about a copy: fingerprints and geometric evidence together."""
STYLE_SCORE = "style"
"""Raw measurement of a match whose p-value is about style: nearness in style."""
OVER_BLACK = "over_black"
"""Raw measurement, 1, of a match with a work's second view; a match with its first has none."""
QUERY_VIEW = "query_"
"""Begins the name of a raw measurement, 1, of a match with another picture of the query: `ground` or `negative`."""

WHOLE_COVER = "0.7"
"""A verified copy is of the whole picture if it shows this share of both pictures' content, else of a part."""
MATCHES = 10
"""Largest number of matches in a record."""
MAX_MEMBERS = 32
"""Largest number of artists of one duplicate group that a match names, the earliest registrations first."""


class Verdict(StrEnum):
    COPY = "copy"
    STYLE = "style"
    NONE = "none"
    NOT_COMPARABLE = "not-comparable"
