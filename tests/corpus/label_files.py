"""Label files for tests: what comes out of the bytes of one, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.corpus.labels import BadRow, LabelRow, read_labels
from ledger.errors import InputError


def rows_of(folder: Path, data: bytes, name: str = "labels.csv") -> list[LabelRow | BadRow]:
    path = folder / name
    path.write_bytes(data)
    return list(read_labels(path))


def fault(folder: Path, data: bytes, name: str = "labels.csv") -> InputError:
    with pytest.raises(InputError) as caught:
        rows_of(folder, data, name)
    return caught.value
