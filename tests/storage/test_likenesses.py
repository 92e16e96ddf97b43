"""What is said beside records: it comes back as it was, and only of what was appended."""

from __future__ import annotations

from ledger.match.artists.reference import SILENT, LikelyArtists, LikelyLabels, Likeness, NamedArtist
from ledger.storage.database import Database
from ledger.storage.search.likenesses import LikenessStore
from tests.record.samples import uid

ADA, BEN = uid(1), uid(2)
SAID = Likeness(
    LikelyArtists((NamedArtist(ADA, 0.61, (uid(3), uid(4))), NamedArtist(BEN, 0.1)), 0.29, "d" * 64),
    (LikelyLabels("genre", (("landscape", 0.7), ("portrait", 0.2)), 0.1, "e" * 64),),
)


def put(database: Database, store: LikenessStore, record_id: str, said: Likeness) -> None:
    with database.begin() as connection:
        store.writer(record_id, said)(connection)


def test_it_comes_back_as_it_was_said(database: Database) -> None:
    store = LikenessStore(database)
    put(database, store, uid(10), SAID)
    put(database, store, uid(10), Likeness(labels=SAID.labels))
    put(database, store, uid(11), Likeness(labels=SAID.labels))
    put(database, store, uid(12), SILENT)
    assert store.of([uid(10), uid(11), uid(12), uid(13)]) == {uid(10): SAID, uid(11): Likeness(labels=SAID.labels)}
    assert store.of([]) == {}


def test_whoever_is_named_first_is_counted(database: Database) -> None:
    store = LikenessStore(database)
    nobody = Likeness(LikelyArtists((), 0.9, "d" * 64))
    for number, said in enumerate((SAID, SAID, nobody, Likeness(labels=SAID.labels))):
        put(database, store, uid(20 + number), said)
    assert store.named_first() == {ADA: 2}
