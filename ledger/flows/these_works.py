"""A part of the corpus as a `CandidateIndex`: to compare a picture with certain works and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.corpus.types import CorpusState
from ledger.match.types import Candidate, Query, WorkPicture
from ledger.storage.candidates import PgVectorIndex


@dataclass(frozen=True, slots=True)
class TheseWorks:
    """Offers nothing but the named works, whatever they look like."""

    index: PgVectorIndex
    work_ids: Sequence[str]
    corpus: CorpusState
    """What it says that its state is."""
    unpictured: Sequence[str] = ()
    """Of these works no picture is shown: matching then leaves them unverified."""

    def state(self) -> CorpusState:
        return self.corpus

    def search(self, query: Query, *, limit: int) -> Sequence[Candidate]:  # noqa: ARG002 - every work, whatever it is
        return self.index.candidates(self.work_ids)

    def pictures(self, work_ids: Sequence[str]) -> Mapping[str, WorkPicture]:
        return self.index.pictures([work_id for work_id in work_ids if work_id not in self.unpictured])
