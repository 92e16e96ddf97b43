"""One application for the files here that only read it or add records to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.app import Application
from tests.applications import ART, application_with
from tests.conftest import DatabaseUrl


@pytest.fixture(scope="session")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """With the thirty drawings registered and published."""
    with application_with(database_server, template, tmp_path_factory.mktemp("data"), [ART]) as opened:
        yield opened
