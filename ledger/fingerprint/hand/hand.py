"""The features of a picture's hand, and the digests that name how each kind is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ledger import canonical
from ledger.cores import cores
from ledger.fingerprint.fingerprint import HandPrint
from ledger.fingerprint.hand import depths, technique
from ledger.fingerprint.hand.canvas import Floats
from ledger.image.canonical_image import Pixels


@runtime_checkable
class DeepEncoder(Protocol):
    """The copy encoder, as far as it is needed here."""

    def encode_with_depths(self, pictures: Sequence[Pixels]) -> tuple[NDArray[np.float16], Floats]: ...


@dataclass(frozen=True, slots=True)
class HandPrints:
    """Features of n pictures."""

    copy: NDArray[np.float16]
    """The copy descriptor, from the same pass. Shape (n, dimension), rows L2-normalised."""
    parts: Mapping[str, Floats]
    """`technique` and `depths`, shape (n, dimension) each."""

    def each(self) -> list[HandPrint]:
        """One for each picture, as it is stored."""
        drawn, deep = self.parts[technique.NAME], self.parts[depths.NAME].astype(np.float16)
        return [HandPrint(hand_spec(), *row) for row in zip(drawn, deep, strict=True)]


def hand_prints(encoder: DeepEncoder, pictures: Sequence[Pixels]) -> HandPrints:
    """`pictures`: at least one working picture, RGB over white."""
    with ThreadPoolExecutor(cores()) as threads:
        drawn = threads.map(technique.technique, pictures)
        copies, deep = encoder.encode_with_depths(pictures)
        return HandPrints(copies, {technique.NAME: np.stack(list(drawn)), depths.NAME: deep})


def hand_specs() -> dict[str, str]:
    """Kind of features -> digest of how it is computed."""
    return {part.NAME: canonical.digest(part.describe()) for part in (technique, depths)}


@cache
def hand_spec() -> str:
    """Digest of `hand_specs`: what a stored HandPrint belongs to."""
    return canonical.digest(hand_specs())
