"""Which picture is used for what."""

from __future__ import annotations

from collections import Counter

import pytest

from ledger.lab.train.pictures import OPENCLIPART
from ledger.lab.train.roles import Role, role_of


def test_the_role_follows_from_the_maker_alone() -> None:
    assert len({role_of(OPENCLIPART, "Ada") for _ in range(10)}) == 1
    assert {role_of(OPENCLIPART, f"artist {number}") for number in range(50)} == set(Role) - {
        Role.BACKGROUND,
        Role.VALIDATION,
        Role.UNUSED,
    }


def test_roles_have_about_the_stated_shares() -> None:
    works = Counter(role_of(OPENCLIPART, f"artist {number}") for number in range(4000))
    others = Counter(role_of("openmoji", f"{number}.svg") for number in range(4000))

    shares = [works[role] / 4000 for role in (Role.TRAIN, Role.REFERENCE, Role.NULL, Role.HELD_OUT)]
    assert shares == pytest.approx([0.5, 0.05, 0.15, 0.3], abs=0.03)
    shares = [others[role] / 4000 for role in (Role.TRAIN, Role.BACKGROUND, Role.REFERENCE, Role.NULL)]
    assert shares == pytest.approx([0.5, 0.1, 0.15, 0.25], abs=0.03)


def test_what_an_earlier_descriptor_may_have_seen_measures_nothing() -> None:
    assert {role_of("wesnoth", f"{number}.png") for number in range(50)} == {Role.TRAIN, Role.UNUSED}


def test_some_collections_are_only_for_measuring() -> None:
    assert {role_of("mate-backgrounds", f"{number}.jpg") for number in range(50)} == {Role.HELD_OUT}
