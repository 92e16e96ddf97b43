"""FORMAT.md's closed lists about matches, apart from the types so that a verifier reads them without numpy."""

from __future__ import annotations

from enum import StrEnum


class Relation(StrEnum):
    """What a registered work is to a picture. The first four are copies, proven by digests or verified by aligning both
    pictures; the last claims nothing."""

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
"""Among a match's raw measurements: fingerprints and geometric evidence together, where its p-value is about a copy."""
STYLE_SCORE = "style"
"""Among a match's raw measurements: nearness in style, where that is what its p-value is about."""

WHOLE_COVER = "0.7"
"""A verified copy is of the whole picture when it shows this share of the content of both, else of a part."""
MATCHES = 10
"""A record holds so many matches, or as many as there are."""
MAX_MEMBERS = 32
"""Artists of one duplicate group that a match names, the earliest registrations first."""


class Verdict(StrEnum):
    COPY = "copy"
    STYLE = "style"
    NONE = "none"
    NOT_COMPARABLE = "not-comparable"
