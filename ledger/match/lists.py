"""FORMAT.md's closed lists about matches, apart from the types so that a verifier reads them without numpy."""

from __future__ import annotations

from enum import StrEnum


class Relation(StrEnum):
    EXACT = "exact"
    SAME_PIXELS = "same-pixels"
    NEAR_DUPLICATE = "near-duplicate"
    PARTIAL_COPY = "partial-copy"
    SIMILAR_STYLE = "similar-style"


COPY_RELATIONS = frozenset({Relation.EXACT, Relation.SAME_PIXELS, Relation.NEAR_DUPLICATE, Relation.PARTIAL_COPY})


STYLE_SCORE = "style"
"""Among a match's raw measurements: nearness in style, where that is what its p-value is about."""


class Verdict(StrEnum):
    COPY = "copy"
    STYLE = "style"
    NONE = "none"
    NOT_COMPARABLE = "not-comparable"
