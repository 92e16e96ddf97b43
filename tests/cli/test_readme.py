"""README lists every command and every setting as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.readme import command_rows, setting_rows

README = (Path(__file__).parents[2] / "README.md").read_text()


@pytest.mark.parametrize("row", [*command_rows(), *setting_rows()])
def test_readme_has_the_row(row: str) -> None:
    assert row in README, "the README's tables are made by: python -m tests.cli.readme"
