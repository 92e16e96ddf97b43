"""Data folders for a while: nothing of them stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.storage.embedded import EmbeddedServer, throwaway_folder
from ledger.storage.embedded.cluster import Home


def test_the_server_has_stopped_when_the_folder_goes() -> None:
    """The server writes after its last user has gone, which made the removal fail now and then."""
    with throwaway_folder("test") as folder, EmbeddedServer(folder):
        home = Home(folder / "postgres")
        postmaster = int((home.cluster / "postmaster.pid").read_text().splitlines()[0])
    assert not Path(f"/proc/{postmaster}").exists()
    assert not folder.exists()


def test_it_goes_after_an_error_too() -> None:
    with pytest.raises(KeyError), throwaway_folder("test") as folder:
        raise KeyError
    assert not folder.exists()
