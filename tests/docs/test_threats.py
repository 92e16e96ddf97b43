"""The threats name tests that exist."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.docs.documents import ROOT

PAGE = ROOT / "docs" / "auditors" / "threats.md"
THREATS = re.split(r"^### ", PAGE.read_text(), flags=re.MULTILINE)[1:]


@cache
def functions() -> frozenset[str]:
    files = (ROOT / "tests").rglob("*.py")
    return frozenset(
        name for file in files for name in re.findall(r"^ *def (test_\w+)", file.read_text(), re.MULTILINE)
    )


@pytest.mark.parametrize("threat", THREATS, ids=lambda text: text.partition("\n")[0])
def test_a_threat_says_what_holds_and_which_test_shows_it(threat: str) -> None:
    assert "- **Holds:**" in threat
    shown = threat.partition("- **Tests:**")[2].partition("\n#")[0]
    named = re.findall(r"`([^`]+)`", shown)
    assert named
    for each in named:
        assert (ROOT / each).exists() if each.startswith("tests/") else each in functions(), each
