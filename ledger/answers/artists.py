"""The list of artists."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ListedArtist:
    artist_id: str
    name: str
    works: int
    """Works that are not withdrawn."""


@dataclass(frozen=True, slots=True)
class ArtistPage:
    """Artists in the order of their names; `next_after` continues (`after=`), None at the end."""

    artists: tuple[ListedArtist, ...]
    next_after: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
