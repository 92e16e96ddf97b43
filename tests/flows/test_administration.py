"""`db check` names the first thing that differs; `db rebuild` makes every projection as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.app import Application
from ledger.audit.checks import Outcome
from ledger.storage import tables
from tests.applications import ART, DRAWINGS, application_with, query
from tests.conftest import DatabaseUrl


@pytest.fixture
def ledger(database_server: DatabaseUrl, template: str, tmp_path: Path) -> Iterator[Application]:
    with application_with(database_server, template, tmp_path / "data", [ART]) as opened:
        opened.pictures.verify(DRAWINGS[3].read_bytes())
        opened.log.settle()
        yield opened


@pytest.fixture
def database_url(ledger: Application) -> str:
    url = ledger.settings.database_url
    assert url is not None
    return url.get_secret_value()


def failed(application: Application) -> dict[str, str]:
    """Checks that failed, with what they say."""
    audit = application.upkeep.administration.check()
    return {check.name: check.detail for check in audit.checks if check.outcome is Outcome.FAILED}


def projections(database_url: str) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table.name: sorted(query(database_url, f"SELECT * FROM {table.name}"), key=repr) for table in tables.PROJECTIONS
    }


def test_rebuilt_projections_are_identical(ledger: Application, database_url: str) -> None:
    before = projections(database_url)
    assert len(before["work"]) == len(DRAWINGS)
    reported: list[tuple[int, int | None]] = []
    assert ledger.upkeep.administration.rebuild(lambda _, done, total: reported.append((done, total))) == 33
    assert projections(database_url) == before
    assert reported[-1] == (33, 33)
    assert failed(ledger) == {}


def test_a_changed_projection_is_named_and_mended_by_a_rebuild(ledger: Application, database_url: str) -> None:
    query(database_url, "UPDATE work SET licence = 'MIT' WHERE registration_index = 5")
    differing = failed(ledger)
    assert set(differing) == {"projections"}
    (work_id,) = query(database_url, "SELECT work_id FROM work WHERE registration_index = 5")[0]
    assert f"work work_id {work_id}" in differing["projections"]
    ledger.upkeep.administration.rebuild()
    assert failed(ledger) == {}


def test_an_altered_entry_is_named(ledger: Application, database_url: str) -> None:
    """Only a superuser who switches the triggers off can do this; the log tells."""
    _alter(database_url, "UPDATE entry SET envelope = set_byte(envelope, 40, 0) WHERE leaf_index = 7")
    altered = failed(ledger)
    assert {"entries", "published checkpoint"} <= set(altered)
    assert altered["entries"].startswith("entry 7:")


def test_a_removed_entry_is_noticed(ledger: Application, database_url: str) -> None:
    _alter(database_url, "DELETE FROM entry WHERE leaf_index = 32")
    assert {"entries", "published checkpoint"} <= set(failed(ledger))


def _alter(database_url: str, statement: str) -> None:
    query(database_url, f"ALTER TABLE entry DISABLE TRIGGER ALL; {statement}")
