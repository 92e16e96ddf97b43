"""Style, types and import rules are tests like any other: nothing passes without them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CHECKS = {
    "ruff check": [sys.executable, "-m", "ruff", "check", "."],
    "ruff format": [sys.executable, "-m", "ruff", "format", "--check", "."],
    "mypy": [sys.executable, "-m", "mypy"],
    "dependencies": [sys.executable, "-m", "deptry", "."],
    # Tests may import what is declared for them; each package that they import is declared all the same.
    "dependencies of tests": [sys.executable, "-m", "deptry", "tests", "--exclude", "^$", "--ignore", "DEP002,DEP004"],
    "import-linter": [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
}


@pytest.mark.parametrize("name", CHECKS)
def test_check(name: str) -> None:
    result = subprocess.run(CHECKS[name], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{name}\n{result.stdout[-6000:]}\n{result.stderr[-2000:]}"
