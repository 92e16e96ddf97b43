"""One ledger for the files here that only read it or add to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.applications import with_drawings
from tests.conftest import DatabaseUrl


@pytest.fixture(scope="session")
def registered(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The environment of commands on a ledger with the thirty drawings."""
    data = tmp_path_factory.mktemp("ledger")
    with with_drawings(database_server, template, data) as url:
        yield {"ARTLEDGER_DATABASE_URL": url, "ARTLEDGER_DATA_DIR": str(data)}
