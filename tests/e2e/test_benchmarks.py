"""Every benchmark of pictures runs in its quick form, and prints figures that can be true."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


def figures(name: str) -> dict[str, float]:
    """Metric -> value; of metrics that are printed twice, the smaller."""
    ended = subprocess.run(
        [sys.executable, FOLDER / f"{name}.py", "--quick"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    lines: list[dict[str, Any]] = [json.loads(line) for line in ended.stdout.splitlines()]
    assert all(set(line) == {"benchmark", "metric", "value", "unit", "context"} for line in lines)
    assert {line["benchmark"] for line in lines} == {name}
    found: dict[str, float] = {}
    for line in lines:
        found[line["metric"]] = min(line["value"], found.get(line["metric"], line["value"]))
    return found


@pytest.mark.parametrize(
    ("name", "least"),
    [("ingest", 3), ("append", 1), ("audit", 1), ("read", 2), ("verify", 6), ("generate", 3), ("pages", 20)],
)
def test_speed(name: str, least: int) -> None:
    found = figures(name)
    assert len(found) >= least
    assert all(value > 0 for value in found.values())


def test_search_without_vector_indexes_is_exact() -> None:
    found = figures("search")
    assert found["recall_at_10"] == 1.0, "with and without a filter"
    assert found["per_s"] > 0


def test_recall_of_few_works_is_nearly_exact() -> None:
    found = figures("recall")
    assert set(found) == {f"{what}_at_{depth}" for what in ("recall", "search_ms") for depth in (10, 60)}
    assert found["recall_at_10"] > 0.95
    assert found["recall_at_60"] == 1.0


def test_generated_pictures_are_found_again() -> None:
    found = figures("found_again")
    assert set(found) == {"found", "false_finds", "find_ms"}
    assert found["found"] == 1.0, "in every edit"
    assert found["false_finds"] == 0.0
    assert found["find_ms"] > 0
