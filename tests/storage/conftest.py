"""Data folders that the embedded server's account can reach."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.storage.embedded import EmbeddedServer
from ledger.storage.embedded.cluster import Home
from ledger.storage.embedded.throwaway import throwaway_folder, wait_until_stopped


@pytest.fixture
def empty_folder() -> Iterator[Path]:
    """A data folder that the server's account can reach, with a short path."""
    with throwaway_folder("embedded") as made:
        yield made


@pytest.fixture(scope="module")
def prepared() -> Iterator[Path]:
    """A data folder with a cluster in it."""
    with throwaway_folder("embedded") as made:
        with EmbeddedServer(made):
            pass
        wait_until_stopped(Home(made / "postgres"))
        yield made


@pytest.fixture
def folder(empty_folder: Path, prepared: Path) -> Path:
    """A copy of the prepared one: quicker than making a cluster for each test."""
    subprocess.run(["cp", "-a", str(prepared / "postgres"), str(empty_folder)], check=True)
    return empty_folder
