"""`make check`: style, dependencies, imports, types and the documentation site. The quick ones come first.

The tests run the same commands (`tests/project/test_checks.py`).
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]

CHECKS: Mapping[str, tuple[str, ...]] = {
    "ruff check": (sys.executable, "-m", "ruff", "check", "."),
    "ruff format": (sys.executable, "-m", "ruff", "format", "--check", "."),
    "dependencies": (sys.executable, "-m", "deptry", "ledger", "api", "cli", "migrations"),
    # These may import what is declared for developers only. Whatever they import is declared.
    "dependencies of tests": (
        sys.executable,
        "-m",
        "deptry",
        "tests",
        "tools",
        "-e",
        "^$",
        "--ignore",
        "DEP002,DEP004",
    ),
    "import rules": (str(Path(sys.executable).with_name("lint-imports")), "--no-cache"),
    "mypy": (sys.executable, "-m", "mypy"),
}
DOCS = (sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet")
"""Apart from CHECKS: tests build the site themselves, and read it."""


def main() -> int:
    """Runs every check and prints the output of those that fail; returns how many did."""
    failed = 0
    for name, command in {**CHECKS, "documentation": DOCS}.items():
        start = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        outcome = "ok" if done.returncode == 0 else "FAILED"
        sys.stdout.write(f"{outcome:7}{name}, {time.monotonic() - start:.1f} s\n")
        if done.returncode != 0:
            failed += 1
            sys.stdout.write(f"{done.stdout}{done.stderr}\n")
        sys.stdout.flush()
    return failed


if __name__ == "__main__":
    sys.exit(main())
