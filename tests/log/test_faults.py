"""The fault matrix: every step of append and publish, whatever happens there; `make faults` prints it as a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.log.faults import run_cell
from tests.log.injector import CELLS, Cell

USUAL = {"SIGKILL"}
"""Faults of the default run; the others take minutes."""


@pytest.mark.parametrize(
    "cell",
    [pytest.param(cell, id=str(cell), marks=[] if cell.fault in USUAL else pytest.mark.slow) for cell in CELLS],
)
def test_cell(cell: Cell, database_url: str, tmp_path: Path) -> None:
    run_cell(cell, database_url, tmp_path)
