"""What was registered since is found by its pHash, whichever leaf index is asked about first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.app import Application
from ledger.flows.claims.exhibits import exhibit_of
from ledger.flows.claims.registered_hashes import RegisteredHashes
from ledger.log.entry import Entry
from ledger.match.alike import bits
from ledger.record.predicates import Registration
from tests.applications import application_with
from tests.conftest import DatabaseUrl
from tests.flows.people import artist
from tests.match.drawings import drawing


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    folder = tmp_path_factory.mktemp("registered")
    with application_with(database_server, template, folder / "data") as opened:
        artist(opened, "Ada", folder / "ada", *(drawing(number, 128) for number in range(6)))
        yield opened


def registrations(application: Application) -> list[tuple[Entry, str]]:
    """With the pHash of each."""
    found = []
    for entry in application.store.records.find(kind="registration", limit=200):
        work = exhibit_of(entry).statement.predicate
        assert isinstance(work, Registration)
        found.append((entry, work.fingerprint.phash))
    return found


@pytest.mark.parametrize("order", [(-1, 2, 4), (4, 2, -1), (2, -1, 4)])
def test_near_ones_after_a_leaf_in_the_order_of_the_log(
    application: Application, tmp_path: Path, order: tuple[int, ...]
) -> None:
    hashes = RegisteredHashes(application.store.records)

    def right(phash: str, radius: int, after: int) -> bool:
        near = [entry for entry, own in known if entry.leaf_index > after and bits(own, phash) <= radius]
        return list(hashes.near(phash, radius, after)) == near

    known = registrations(application)
    for place in order:
        after = -1 if place < 0 else known[place][0].leaf_index
        assert all(right(phash, radius, after) for _, phash in known for radius in (0, 120, 256))
    _, _ = artist(application, f"Later {order}", tmp_path / "later", drawing(hash(order) % 1000, 128))
    known = registrations(application)
    assert all(right(phash, radius, known[-2][0].leaf_index) for _, phash in known[-1:] for radius in (0, 256))
