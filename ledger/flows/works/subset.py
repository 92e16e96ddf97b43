"""Parts of the corpus as a `CandidateIndex`: certain works only, or all works but those of one artist."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ledger.corpus.work import CorpusState
from ledger.match.candidate import Candidate, Group, Query, WorkPicture
from ledger.storage.search.candidates import PgVectorIndex
from ledger.storage.search.nearest import WorkFilter


@dataclass(frozen=True, slots=True)
class TheseWorks:
    """Offers only the named works, whatever they look like."""

    index: PgVectorIndex
    work_ids: Sequence[str]
    corpus: CorpusState
    """The state of the corpus that it reports."""
    unpictured: Sequence[str] = ()
    """Works whose picture is withheld, so that matching leaves them unverified."""
    over_black: frozenset[str] | None = None
    """The works of which only the second view is offered; of all others, only the first. None: both of every work."""

    def state(self) -> CorpusState:
        return self.corpus

    def search(self, query: Query, *, limit: int) -> Sequence[Candidate]:  # noqa: ARG002 - every work, whatever it is
        found = self.index.candidates(self.work_ids)
        if self.over_black is None:
            return found
        firsts = [replace(each, second=None) for each in found if each.work_id not in self.over_black]
        seconds = [
            replace(each, fingerprint=each.second, second=None)
            for each in found
            if each.second is not None and each.work_id in self.over_black
        ]
        return [*firsts, *seconds]

    def surroundings(self, query: Query, found: Sequence[Candidate]) -> NDArray[np.float16]:  # noqa: ARG002 - a part
        """Of the corpus in that state, as far as its works still stand."""
        return self.index.near(query, WorkFilter(through=self.corpus.through))

    def groups(self, work_ids: Sequence[str]) -> Mapping[str, Group]:
        return self.index.groups(work_ids)

    def pictures(self, work_ids: Sequence[str]) -> Mapping[str, WorkPicture]:
        found = self.index.pictures([work_id for work_id in work_ids if work_id not in self.unpictured])
        chosen = self.over_black or frozenset()
        return {key: (each.second or each) if key in chosen else each for key, each in found.items()}


@dataclass(frozen=True, slots=True)
class OthersWorks:
    """The works of all artists but one. However many works that artist has, they take no place in a result."""

    index: PgVectorIndex
    artist_id: str
    known: Collection[str] = ()
    """Works to skip, so that the next nearest are offered."""

    def state(self) -> CorpusState:
        return self.index.state()

    def search(self, query: Query, *, limit: int) -> Sequence[Candidate]:
        found = self.index.search(query, limit=limit + len(self.known), only=WorkFilter(but_artist=self.artist_id))
        return [candidate for candidate in found if candidate.work_id not in self.known]

    def surroundings(self, query: Query, found: Sequence[Candidate]) -> NDArray[np.float16]:  # noqa: ARG002 - a part
        return self.index.near(query)

    def groups(self, work_ids: Sequence[str]) -> Mapping[str, Group]:
        return self.index.groups(work_ids)

    def pictures(self, work_ids: Sequence[str]) -> Mapping[str, WorkPicture]:
        return self.index.pictures(work_ids)
