"""What a classifier of artists sees of pictures: several kinds of features, each a matrix with one row a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ledger.errors import ConflictError, InputError

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FeatureBlock:
    """Features of n pictures."""

    parts: Mapping[str, Floats]
    """Name of a kind of features -> shape (n, dimension)."""
    specs: Mapping[str, str]
    """Name -> digest of how these features are computed. Only equal ones can be compared."""

    def __len__(self) -> int:
        return len(next(iter(self.parts.values())))

    def __getitem__(self, rows: Rows) -> FeatureBlock:
        return FeatureBlock({name: part[rows] for name, part in self.parts.items()}, self.specs)

    @classmethod
    def of(cls, parts: Mapping[str, Floats], specs: Mapping[str, str]) -> Self:
        """Checks what is given. Raises InputError (`bad-features`)."""
        rows = {len(part) for part in parts.values()}
        if len(rows) != 1 or any(part.ndim != 2 for part in parts.values()) or parts.keys() != specs.keys():
            raise _bad("every kind needs a specification and one row for each picture")
        wide = {name: np.ascontiguousarray(part, np.float32) for name, part in parts.items()}
        for name, part in wide.items():
            if not np.isfinite(part).all():
                raise _bad(f"{name} has values that are no numbers")
        return cls(wide, dict(specs))

    @classmethod
    def stack(cls, blocks: Sequence[FeatureBlock]) -> FeatureBlock:
        """All rows of at least one block. Raises ConflictError (`spec-mismatch`) if their features differ in kind."""
        first = blocks[0]
        for block in blocks:
            require_specs(first.specs, block)
        parts = {name: np.concatenate([block.parts[name] for block in blocks]) for name in first.parts}
        return FeatureBlock(parts, first.specs)


def require_specs(specs: Mapping[str, str], block: FeatureBlock) -> None:
    """Raises ConflictError (`spec-mismatch`) if the block lacks a kind of features, or has another form of it."""
    for name, digest in specs.items():
        found = block.specs.get(name)
        if found != digest:
            raise ConflictError(
                f"the features {name!r} were computed under {found or 'no'} specification, but {digest} is needed",
                code="spec-mismatch",
                hint="Compute all features with one version: artledger corpus refresh.",
            )


def _bad(reason: str) -> InputError:
    return InputError(f"these features cannot be used: {reason}", code="bad-features")
