"""One ledger for the files here that only read it or add to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.applications import ART
from tests.cli.commands import run_process
from tests.conftest import DatabaseUrl, copied


@pytest.fixture(scope="session")
def registered(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The environment of commands on a ledger with the thirty drawings, made by the command line."""
    data = tmp_path_factory.mktemp("ledger")
    with copied(database_server, template) as url:
        environment = {"ARTLEDGER_DATABASE_URL": url, "ARTLEDGER_DATA_DIR": str(data)}
        ingested = run_process("corpus", "ingest", ART, "--json", env=environment)
        assert ingested.code == 0, ingested.stderr
        yield environment
