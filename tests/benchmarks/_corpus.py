"""What the benchmarks of pictures share: a ledger of their own, and real drawings to put in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from ledger.app import Application, open_throwaway
from ledger.corpus.work import Source, SourceItem

ART = Path(__file__).parents[1] / "data" / "art"


@contextmanager
def fresh_application() -> Iterator[Application]:
    """On the embedded server, in a folder that is gone afterwards."""
    with open_throwaway("benchmark") as application:
        yield application


class Some:
    """The first so many works of a source that are drawings of their own."""

    def __init__(self, source: Source, count: int) -> None:
        distinct = (item for item in source.items() if "alias_of" not in item.labels)
        self.source, self.chosen = source, tuple(islice(distinct, count))

    @property
    def name(self) -> str:
        return self.source.name

    def items(self) -> Iterator[SourceItem]:
        return iter(self.chosen)

    def read(self, item: SourceItem) -> bytes:
        return self.source.read(item)


def drawings(application: Application, source: str, count: int) -> Some:
    """`source` as `artledger corpus ingest` takes it."""
    return Some(application.works.open_source(source), count)
