"""Style, types, import rules and dependencies are tests like any other: nothing passes without them.

`tests/conftest.py` runs these first: the longest of them takes minutes on a fresh clone, so it must not start last.
"""

from __future__ import annotations

import subprocess

import pytest

from tools.check import CHECKS, ROOT


@pytest.mark.parametrize("name", CHECKS)
def test_check(name: str) -> None:
    result = subprocess.run(CHECKS[name], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{name}\n{result.stdout[-6000:]}\n{result.stderr[-2000:]}"
