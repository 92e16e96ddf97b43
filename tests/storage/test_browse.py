"""Works as people browse them."""

from __future__ import annotations

from ledger.storage.database import Database
from ledger.storage.works.browse import BrowseFilter, WorkBrowser
from tests.storage.test_projections import consent, withdrawal
from tests.storage.works import register, stores_of

ALL = BrowseFilter()


def test_works_are_listed_in_order_by_their_terms(database: Database) -> None:
    stores = stores_of(database)
    works = register(stores, 6, artists=("Ada", "Ben"))
    stores.entries.append([withdrawal(1, works[0].work_id), consent(2, works[1].work_id, ("match",))])
    browser = WorkBrowser(database, stores.projector)
    listed = browser.listed(ALL, after=-1, limit=50)
    assert listed == [work.work_id for work in works[1:]]
    first = browser.listed(ALL, after=-1, limit=2)
    following = browser.listed(ALL, after=2, limit=50)
    assert first + following == listed
    assert works[1].work_id not in browser.listed(BrowseFilter(use="train"), after=-1, limit=50)
    assert works[1].work_id in browser.listed(BrowseFilter(use="match"), after=-1, limit=50)
    assert browser.listed(BrowseFilter(licence="nobody has this one"), after=-1, limit=50) == []
    assert browser.listed(BrowseFilter(contested=True), after=-1, limit=50) == []


def test_names_are_found_in_any_case_and_wildcards_are_letters(database: Database) -> None:
    stores = stores_of(database)
    works = register(stores, 4, artists=("Ada_Lovelace", "Ada 100%"))
    browser = WorkBrowser(database, stores.projector)
    assert {artist.name for artist, _ in browser.named("ADA", 10)} == {"Ada_Lovelace", "Ada 100%"}
    assert [(artist.name, count) for artist, count in browser.named("100%", 10)] == [("Ada 100%", 2)]
    assert [artist.name for artist, _ in browser.named("a_l", 10)] == ["Ada_Lovelace"]
    assert browser.named("\\", 10) == []
    assert len(browser.named("ada", 1)) == 1
    title = works[2].title
    assert works[2].work_id in browser.titled(title.upper(), 10)
    stores.entries.append([withdrawal(1, works[2].work_id)])
    assert works[2].work_id not in browser.titled(title, 10)
