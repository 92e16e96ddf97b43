"""Documents that records name stay what they were; names of artists who allow no style use."""

from __future__ import annotations

import pytest

from ledger.corpus.work import AllowedUse
from ledger.record.predicates import Consent, Withdrawal
from ledger.storage.database import Database
from ledger.storage.log.documents import DocumentStore
from ledger.storage.works.works import WorkReader
from tests.record.samples import ORIGIN, TIME, sha, uid
from tests.storage.works import Stores, draft_of, register, stores_of


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_of(database)


def test_documents_are_found_by_kind_and_digest(database: Database) -> None:
    documents = DocumentStore(database)
    documents.put("policy", sha("a"), b"\x00first")
    documents.put("policy", sha("a"), b"second")
    assert documents.get("policy", sha("a")) == b"\x00first"
    assert documents.get("model", sha("a")) is None
    assert documents.get("policy", sha("b")) is None


def test_artists_without_style_are_those_none_of_whose_works_allows_it(database: Database, stores: Stores) -> None:
    works = register(stores, 6, artists=("Ada", "Ben", "Cleo"))
    stores.corpus.ensure_artists(["Nobody's"])
    reader = WorkReader(database, stores.projector)
    ids = stores.corpus.ensure_artists(["Ada", "Ben", "Cleo"])

    def consent(number: int, work: int, *uses: AllowedUse) -> None:
        predicate = Consent(
            allowed_uses=uses,
            generated_at=TIME,
            origin=ORIGIN,
            licence="CC0-1.0",
            record_id=uid(number),
            refs=(),
            work_id=works[work].work_id,
        )
        stores.entries.append([draft_of(predicate)])

    def unwilling() -> list[tuple[str, str]]:
        return [(artist.name, artist.artist_id) for artist in reader.artists_without_style()]

    assert unwilling() == []
    consent(900, 0, "match")
    assert unwilling() == [], "another work of Ada's allows it"
    consent(901, 3, "match", "train")
    consent(902, 1)
    assert unwilling() == [("Ada", ids["Ada"])]
    withdrawn = Withdrawal(
        generated_at=TIME, origin=ORIGIN, reason="artist", record_id=uid(903), refs=(), work_id=works[4].work_id
    )
    stores.entries.append([draft_of(withdrawn)])
    assert [name for name, _ in unwilling()] == ["Ada", "Ben"], "a withdrawn work allows nothing"
    consent(904, 0, "match", "style")
    assert [name for name, _ in unwilling()] == ["Ben"]
