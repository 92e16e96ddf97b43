"""Where README's test command ran, no test skips: what is missing fails instead (tests/needs.py)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import needs

TESTS = Path(__file__).parents[1]
ALLOWED = {
    "needs.py": "skips where the contributor asks for it",
    "storage/test_embedded_as_root.py": "what only root can try; the public CI runs as root",
}
_SKIP = re.compile(r"pytest\.(?:skip|importorskip|xfail)\(|mark\.(?:skip|skipif|xfail)\b|\bSkipTest\b")


def test_no_other_test_can_skip() -> None:
    skipping = {
        path.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("*.py")
        if path != Path(__file__) and _SKIP.search(path.read_text())
    }
    assert skipping == set(ALLOWED)


def test_a_missing_need_fails_and_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(needs.NEEDS, "chromium", needs.Need("chromium", lambda: False))
    monkeypatch.delenv(needs.MAY_SKIP, raising=False)
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        needs.require("chromium")
    monkeypatch.setenv(needs.MAY_SKIP, "1")
    with pytest.raises(pytest.skip.Exception):
        needs.require("chromium")


def test_the_test_command_installs_every_need() -> None:
    readme = (TESTS.parent / "README.md").read_text()
    command = readme.partition("<!-- test command -->")[2].partition("```sh\n")[2].partition("```")[0]
    for need in needs.NEEDS.values():
        for package in need.packages.split():
            assert f" {package} " in command or need.packages.startswith("("), package
