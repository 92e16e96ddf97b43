"""The fault matrix: every step of append and publish, whatever happens there; `make faults` prints it as a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.log.faults import run_cell
from tests.log.injector import CELLS, Cell


def is_usual(cell: Cell) -> bool:
    """Whether the default run has the cell; the others take minutes. Before a step is mostly after the last one."""
    return cell.fault == "SIGKILL" and (cell.after or cell.step in ("insert", "commit"))


@pytest.mark.parametrize(
    "cell",
    [pytest.param(cell, id=str(cell), marks=[] if is_usual(cell) else pytest.mark.slow) for cell in CELLS],
)
def test_cell(cell: Cell, database_url: str, tmp_path: Path) -> None:
    run_cell(cell, database_url, tmp_path)
