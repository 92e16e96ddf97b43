"""Names instead of ids: one, several, none; and which artists there are."""

from __future__ import annotations

import pytest

from ledger.app import Application
from ledger.errors import InputError, LedgerError, NotFoundError
from ledger.flows.people.names import NameKind


@pytest.fixture(scope="module")
def ada(application: Application) -> str:
    return application.people.accounts.create("artist", "Ada (née Brücke) 100%").account_id


@pytest.mark.parametrize("text", ["Ada (née Brücke) 100%", "ADA (NÉE BRÜCKE) 100%", "Ada__née_Brücke__100_"])
def test_an_artist_is_found_by_name(application: Application, ada: str, text: str) -> None:
    for kind in ("artist", "account"):
        assert application.people.names.find(kind, text).id == ada


def test_an_id_is_taken_as_it_is(application: Application, ada: str) -> None:
    found = application.people.names.find("artist", ada)
    assert (found.id, found.name) == (ada, "")


@pytest.mark.parametrize("kind", ["artist", "account", "work", "model"])
@pytest.mark.parametrize("text", ["nobody", "%", "_", "", "Ada (née"])
def test_nothing_is_guessed(application: Application, ada: str, kind: NameKind, text: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        application.people.names.find(kind, text)
    assert caught.value.code == f"{kind}-not-found"
    if text == "Ada (née" and kind in ("artist", "account"):
        assert ada in str(caught.value.hint)


def test_an_ambiguous_name_lists_the_candidates(application: Application) -> None:
    accounts = [application.people.accounts.create("auditor", name).account_id for name in ("Vera", "VERA")]
    for text in ("vera", "Vera"):
        with pytest.raises(InputError) as caught:
            application.people.names.find("account", text)
        assert caught.value.code == "ambiguous-name"
        assert all(each in str(caught.value.hint) for each in accounts)


def test_a_work_is_found_by_its_title_and_artist(application: Application, ada: str) -> None:
    page = application.works.catalogue.artists()
    artist = max(page.artists, key=lambda each: each.works)
    work = application.works.catalogue.works(artist.artist_id).works[0]
    found = application.people.names.find("work", work.title.upper(), artist_id=artist.artist_id)
    assert (found.id, found.name) == (work.work_id, f"{work.title} by {work.artist}")
    with pytest.raises(LedgerError, match="there is no work"):
        application.people.names.find("work", work.title, artist_id=ada)


def test_artists_are_listed_by_name_in_pages(application: Application) -> None:
    catalogue = application.works.catalogue
    whole = catalogue.artists(limit=200).artists
    names = [each.name for each in whole]
    assert names == sorted(names, key=str.lower)
    assert sum(each.works for each in whole) == catalogue.stats().works
    paged: list[str] = []
    after = None
    while True:
        page = catalogue.artists(after=after, limit=2)
        paged += [each.name for each in page.artists]
        after = page.next_after
        if after is None:
            break
    assert paged == names
