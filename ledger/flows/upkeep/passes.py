"""Data that is read several times, with progress over all passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ledger.flows.progress import Progress


class Counted(Protocol):
    """A part of the corpus."""

    @property
    def works(self) -> int: ...


T = TypeVar("T", bound=Counted)


@dataclass(slots=True)
class Passes(Generic[T]):
    """Blocks that are read anew each time they are iterated: twice, for error rates."""

    stage: str
    read: Callable[[], Iterator[T]]
    works: int
    """Works in all blocks."""
    progress: Progress
    passes: int = 0
    """Those that have begun."""

    def __iter__(self) -> Iterator[T]:
        done, self.passes = self.passes * self.works, self.passes + 1
        self.progress(self.stage, done, 2 * self.works)
        for block in self.read():
            yield block
            done += block.works
            self.progress(self.stage, done, 2 * self.works)
