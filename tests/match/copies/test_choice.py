"""Which candidates are aligned: nobody takes all places, and nothing hides behind a near work of its group."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.match.calibration import VERIFIED
from ledger.match.copies.choice import NEAREST, Contender, chosen


def works(artist: str, count: int, label: str = "") -> list[Contender]:
    return [Contender(f"{artist}{number}", artist, label or f"{artist}{number}") for number in range(count)]


def artists(ids: Iterable[str]) -> set[str]:
    return {each.rstrip("0123456789") for each in ids}


def test_the_nearest_are_aligned_where_nobody_crowds() -> None:
    everybody = [contender for number in range(20) for contender in works(chr(97 + number), 1)]
    assert chosen(everybody) == tuple(each.work_id for each in everybody[:VERIFIED])
    assert chosen([]) == ()
    assert len(chosen(works("one", 40))) == VERIFIED, "an artist alone has all places"


def test_one_account_never_has_all_places() -> None:
    for crops in (1, 3, 12, 50, 500):
        crowd = [*works("squatter", crops), *works("true", 1), *works("other", 3)]
        assert "true0" in chosen(crowd)
        assert len(chosen(crowd)) == min(VERIFIED, len(crowd))


def test_as_many_accounts_as_half_the_places_do_not_either() -> None:
    """Their works come by turns, every one of them nearer than the true one."""
    crowd = [Contender(f"s{number}", f"squatter {number % NEAREST}", f"s{number}") for number in range(60)]
    assert "true0" in chosen([*crowd, *works("true", 1)])


def test_of_a_group_every_artist_has_a_work_aligned() -> None:
    group = [*works("squatter", 30, "group"), *works("true", 2, "group")]
    assert chosen([*group, *works("other", 2)]) == ("squatter0", "other0", "other1", "true0")
    sybils = [Contender(f"s{number}", f"s{number}", "group") for number in range(100)]
    assert len(chosen(sybils)) == 1 + VERIFIED, "bounded"


def test_there_are_no_more_pictures_than_unrelated_ones_had() -> None:
    """What p-values rest on: of unrelated works never more than VERIFIED are aligned."""
    many = [contender for artist in "abcdefghijkl" for contender in works(artist, 7)]
    taken = chosen(many)
    assert len(taken) == len(set(taken)) == VERIFIED
    assert taken[:NEAREST] == tuple(each.work_id for each in many[:NEAREST])
    assert artists(taken) == set("abcdef")
