"""What some tests need beside Python packages. README's test command installs all of it.

So a missing one fails the test and says how to get it; with ARTLEDGER_TESTS_MAY_SKIP=1 the test is skipped instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from ledger.corpus.sources.openclipart import SVG_ROOT

MAY_SKIP = "ARTLEDGER_TESTS_MAY_SKIP"
GO_PACKAGES = Path(os.environ.get("ARTLEDGER_TEST_GOPATH", "/usr/share/gocode"))
"""Where Debian's golang-golang-x-mod-dev puts golang.org/x/mod."""


@dataclass(frozen=True, slots=True)
class Need:
    """Debian packages, and how to see that what they bring is there."""

    packages: str
    present: Callable[[], bool]


NEEDS = {
    "openclipart": Need("openclipart-svg", SVG_ROOT.is_dir),
    "chromium": Need("chromium", lambda: chromium_program() is not None),
    "go": Need("golang-go golang-golang-x-mod-dev", lambda: shutil.which("go") is not None and _has_x_mod()),
    "nginx": Need("nginx-light", lambda: shutil.which("nginx") is not None),
    "proc": Need("(Linux only: it reads /proc)", Path("/proc/self/stat").exists),
}


def require(name: str) -> None:
    """Fails the test that runs, or skips it where that is asked for, when `name` of NEEDS is not there."""
    need = NEEDS[name]
    if not need.present():
        _missing(f"this test needs {name}: apt-get install {need.packages}")


def chromium_program() -> str | None:
    """Path of the system's Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def _has_x_mod() -> bool:
    return (GO_PACKAGES / "src/golang.org/x/mod/sumdb").is_dir()


def _missing(what: str) -> NoReturn:
    if os.environ.get(MAY_SKIP) == "1":
        pytest.skip(what)
    pytest.fail(f"{what}, or set {MAY_SKIP}=1 to skip such tests", pytrace=False)
