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


class Verdict(StrEnum):
    COPY = "copy"
    STYLE = "style"
    NONE = "none"
    NOT_COMPARABLE = "not-comparable"
