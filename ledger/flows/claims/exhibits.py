"""Log entries as the exhibits of a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.claim.case import Exhibit
from ledger.log.entry import Entry

MAX_EXHIBITS = 60
"""How many records one verdict may rest on, besides the picture's own. A statement has room for 256 references, and
each record may give three findings. The most relevant records come first."""
Measurement = Mapping[str, Any]
"""What a comparison of pictures found: `finding`, `record_id` (the record that it rests on), `evidence`."""


def exhibit_of(entry: Entry) -> Exhibit:
    """A record of this log as an exhibit."""
    return Exhibit(entry.statement, entry.ref, entry.leaf_index)


@dataclass(slots=True)
class Exhibits:
    """Exhibits by record id, as many as a verdict may rest on."""

    found: dict[str, Exhibit] = field(default_factory=dict)

    def add(self, entries: Iterable[Entry], most: int = MAX_EXHIBITS) -> None:
        """`most`: how many exhibits there may be afterwards."""
        for entry in entries:
            if len(self.found) >= most:
                return
            if entry.record_id not in self.found:
                self.found[entry.record_id] = exhibit_of(entry)
