"""Cases as they come up, and the verdict that each must get: above all who gains nothing by what."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from ledger.claim.case import ClaimFinding
from ledger.claim.decide import decide
from ledger.claim.words import is_contested
from ledger.match.alike import hashes_alike
from ledger.match.lists import Relation
from ledger.record.predicates import ClaimType
from tests.claim.cases import (
    ARTIST,
    FILE,
    MODEL,
    OTHER,
    RULES,
    THIEF,
    Scene,
    codes,
    fingerprint,
    flipped,
    region,
    verdict,
)
from tests.record.samples import sha

EXACT, SAME, NEAR, PART = Relation.EXACT, Relation.SAME_PIXELS, Relation.NEAR_DUPLICATE, Relation.PARTIAL_COPY
NOTHING = Scene()


class TestAuthorship:
    @pytest.mark.parametrize("relation", [EXACT, SAME, NEAR, PART])
    def test_the_only_artist_who_registered_the_picture_is_supported(self, relation: Relation) -> None:
        assert verdict(NOTHING.work("mine", ARTIST, 100, relation).case("authored-image")) == "supported"

    def test_of_an_unknown_picture_nothing_is_known(self) -> None:
        assert verdict(NOTHING.case("authored-image")) == "inconclusive"

    def test_a_work_that_is_only_near_says_nothing(self) -> None:
        near = NOTHING.work("mine", ARTIST, 100, Relation.SIMILAR_STYLE)
        beyond = NOTHING.work("mine", ARTIST, 100, NEAR, p_value="0.0101")
        assert verdict(near.case("authored-image")) == verdict(beyond.case("authored-image")) == "inconclusive"

    def test_a_small_part_of_the_picture_is_not_the_picture(self) -> None:
        part = NOTHING.work("mine", ARTIST, 100, PART, region(right="0.6000", bottom="0.6000"))
        assert verdict(part.case("authored-image")) == "inconclusive"
        assert codes(part.case("authored-image")) == {"own-work-in-part"}

    @pytest.mark.parametrize(("mine", "theirs"), itertools.product([EXACT, SAME, NEAR, PART], repeat=2))
    @pytest.mark.parametrize("artist_first", [True, False])
    def test_a_thief_who_registers_gains_nothing_but_the_flag(
        self, mine: Relation, theirs: Relation, artist_first: bool
    ) -> None:
        """Whoever was first, and whether the thief registered the very picture, an edit or a crop of it."""
        at, thiefs = (100, 200) if artist_first else (200, 100)
        scene = NOTHING.work("mine", ARTIST, at, mine).work("stolen", THIEF, thiefs, theirs)
        for claimant, other_was_first in ((ARTIST, not artist_first), (THIEF, artist_first)):
            case = scene.case("authored-image", claimant)
            assert verdict(case) == "inconclusive"
            assert ("contested-earlier" if other_was_first else "contested-later") in codes(case)

    def test_a_registration_that_matching_no_longer_sees_still_contests(self) -> None:
        """By equal bytes or pixels: a withdrawn work is in no verification, its leaf stays."""
        mine = NOTHING.work("mine", ARTIST, 100, EXACT)
        for withdrawn in (mine.work("w", OTHER, 50, file=FILE), mine.work("w", OTHER, 50, phash=flipped(20))):
            assert verdict(withdrawn.case("authored-image")) == "inconclusive"
        assert verdict(mine.work("w", OTHER, 50, phash=flipped(21)).case("authored-image")) == "supported"

    @pytest.mark.parametrize("relation", [EXACT, SAME, NEAR, PART])
    def test_anothers_registration_alone_never_contradicts(self, relation: Relation) -> None:
        case = NOTHING.work("theirs", OTHER, 100, relation).case("authored-image")
        assert verdict(case) == "inconclusive"
        assert codes(case) == {"registered-by-another"}

    @pytest.mark.parametrize("how", ["pixels", "file", "alike", "measured"])
    @pytest.mark.parametrize("registered", [None, 200])
    def test_a_picture_that_this_server_made_is_not_the_claimants(self, how: str, registered: int | None) -> None:
        scene = NOTHING.made(50, how)
        if registered is not None:
            scene = scene.work("mine", ARTIST, registered, EXACT)
        assert verdict(scene.case("authored-image")) == "contradicted"

    @pytest.mark.parametrize("how", ["alike", "measured", "pixels", "file", "part"])
    def test_reported_is_evidence_and_no_proof(self, how: str) -> None:
        reported = NOTHING.made(50, how, origin="reported")
        assert verdict(reported.case("authored-image")) == "inconclusive"
        before = NOTHING.work("mine", ARTIST, 100, EXACT).made(50, how, origin="reported")
        assert verdict(before.case("authored-image")) == "inconclusive"

    def test_reporting_a_registered_picture_as_generated_gains_nothing(self) -> None:
        later = NOTHING.work("mine", ARTIST, 100, EXACT).made(150, origin="reported")
        assert verdict(later.case("authored-image")) == "supported"
        assert codes(later.case("authored-image")) == {"own-work", "reported-made-later"}

    @pytest.mark.parametrize("how", ["pixels", "file", "alike", "measured"])
    def test_what_a_model_makes_after_a_registration_does_not_contradict_it(self, how: str) -> None:
        case = NOTHING.work("mine", ARTIST, 100, NEAR).made(150, how).case("authored-image")
        assert verdict(case) == "inconclusive"
        assert "made-here-later" in codes(case)

    def test_registering_a_part_of_a_picture_first_does_not_excuse_it(self) -> None:
        corner = region(right="0.3000", bottom="0.3000")
        case = NOTHING.work("mine", ARTIST, 100, PART, corner).made(150).case("authored-image")
        assert verdict(case) == "contradicted"

    def test_a_model_that_was_trained_on_the_file_may_have_repeated_it(self) -> None:
        made = NOTHING.model(10).made(50, "alike")
        assert verdict(made.listing(10, FILE, listed=True).case("authored-image")) == "inconclusive"
        assert verdict(made.listing(10, FILE, listed=False).case("authored-image")) == "contradicted"
        assert verdict(made.listing(10, sha("unrelated"), listed=True).case("authored-image")) == "contradicted"
        assert verdict(made.listing(11, FILE, listed=True).case("authored-image")) == "contradicted"
        own = made.work("mine", ARTIST, 200, NEAR).listing(10, sha("file mine"), listed=True)
        assert verdict(own.case("authored-image")) == "inconclusive"

    def test_a_picture_that_shows_a_generated_one_in_part_is_undecided(self) -> None:
        assert verdict(NOTHING.made(50, "part").case("authored-image")) == "inconclusive"

    def test_other_generated_pictures_do_not_count(self) -> None:
        assert (
            verdict(NOTHING.work("mine", ARTIST, 100, EXACT).made(50, "unlike").case("authored-image")) == "supported"
        )

    def test_flat_pictures_are_not_compared_by_their_looks(self) -> None:
        flat = Scene(comparable=False).made(50, "alike")
        assert verdict(flat.case("authored-image")) == "inconclusive"
        assert codes(flat.case("authored-image")) == {"not-comparable"}
        assert verdict(Scene(comparable=False).made(50, "pixels").case("authored-image")) == "contradicted"


class TestCopies:
    @pytest.mark.parametrize("relation", [EXACT, SAME, NEAR, PART])
    def test_a_verified_copy_is_supported(self, relation: Relation) -> None:
        assert verdict(NOTHING.work("mine", ARTIST, 100, relation).case("copies-work", ARTIST, "mine")) == "supported"

    def test_not_finding_a_copy_contradicts_nothing(self) -> None:
        case = NOTHING.work("mine", ARTIST, 100).case("copies-work", ARTIST, "mine")
        assert verdict(case) == "inconclusive"
        assert codes(case) == {"work-not-shown"}

    def test_every_work_named_must_be_shown(self) -> None:
        scene = NOTHING.work("one", ARTIST, 100, NEAR).work("two", ARTIST, 101)
        assert verdict(scene.case("copies-work", ARTIST, "one")) == "supported"
        assert verdict(scene.case("copies-work", ARTIST, "one", "two")) == "inconclusive"

    @pytest.mark.parametrize("artist_first", [True, False])
    @pytest.mark.parametrize("theirs", [EXACT, SAME, NEAR])
    def test_the_same_registered_twice_is_contested_for_both(self, theirs: Relation, artist_first: bool) -> None:
        at, thiefs = (100, 200) if artist_first else (200, 100)
        scene = NOTHING.work("mine", ARTIST, at, NEAR).work("stolen", THIEF, thiefs, theirs)
        assert verdict(scene.case("copies-work", ARTIST, "mine")) == "inconclusive"
        assert verdict(scene.case("copies-work", THIEF, "stolen")) == "inconclusive"

    def test_registering_a_crop_gains_nothing_against_the_original(self) -> None:
        crop = region(right="0.4000", bottom="0.4000")
        scene = NOTHING.work("mine", ARTIST, 200, EXACT).work("crop", THIEF, 100, PART, crop)
        assert verdict(scene.case("copies-work", THIEF, "crop")) == "inconclusive"
        assert verdict(scene.case("copies-work", ARTIST, "mine")) == "supported"

    def test_works_side_by_side_do_not_contest_each_other(self) -> None:
        left, right = region(right="0.5000"), region(left="0.5000")
        scene = NOTHING.work("a", ARTIST, 100, PART, left).work("b", OTHER, 90, PART, right)
        assert verdict(scene.case("copies-work", ARTIST, "a")) == verdict(scene.case("copies-work", OTHER, "b"))
        assert verdict(scene.case("copies-work", ARTIST, "a")) == "supported"

    def test_a_twin_that_the_picture_does_not_show_contests_too(self) -> None:
        scene = NOTHING.work("mine", ARTIST, 100, NEAR).work("twin", OTHER, 90, pixels=sha("px mine"))
        assert verdict(scene.case("copies-work", ARTIST, "mine")) == "inconclusive"

    def test_a_thief_who_registers_a_generated_picture_gains_nothing(self) -> None:
        for origin in ("service", "reported"):
            before = NOTHING.made(50, "alike", origin=origin).work("late", THIEF, 100, EXACT)
            assert verdict(before.case("copies-work", THIEF, "late")) == "inconclusive"

    def test_a_generated_picture_may_copy_an_earlier_work(self) -> None:
        after = NOTHING.work("mine", ARTIST, 100, NEAR).made(150, "pixels")
        assert verdict(after.case("copies-work", ARTIST, "mine")) == "supported"

    def test_anothers_work_is_not_ones_own(self) -> None:
        scene = NOTHING.work("theirs", OTHER, 100, EXACT)
        assert verdict(scene.case("copies-work", THIEF, "theirs")) == "inconclusive"


def test_the_same_evidence_in_another_order_decides_the_same() -> None:
    scene = (
        NOTHING.work("mine", ARTIST, 100, EXACT).work("stolen", THIEF, 50, NEAR).made(60, "alike").made(70, "measured")
    )
    expected = decide(scene.case("authored-image"), RULES)
    for exhibits in itertools.permutations(scene.exhibits):
        assert decide(Scene(exhibits, scene.matches, (), scene.measured).case("authored-image"), RULES) == expected


def test_exhibits_that_were_put_in_twice_count_once() -> None:
    scene = NOTHING.work("mine", ARTIST, 100, EXACT).made(150)
    twice = Scene((*scene.exhibits, *scene.exhibits), scene.matches)
    assert decide(twice.case("authored-image"), RULES) == decide(scene.case("authored-image"), RULES)


def test_both_hashes_must_say_so() -> None:
    """Of stripes one hash alone says nothing: flags of different countries are as near."""
    one = fingerprint(flipped(0))
    assert hashes_alike(one, fingerprint(flipped(20)), RULES.measures)
    assert not hashes_alike(one, fingerprint(flipped(21)), RULES.measures)
    assert not hashes_alike(one, one.model_copy(update={"pdq": sha("other stripes")}), RULES.measures)
    assert hashes_alike(one, fingerprint(flipped(1), quality=50), RULES.measures)
    assert not hashes_alike(one, fingerprint(flipped(1), quality=49), RULES.measures)


@pytest.mark.parametrize(
    ("claim_type", "code"),
    [
        ("authored-image", "shows-anothers"), ("authored-image", "copy-of-anothers"),
        ("copies-work", "shows-anothers"), ("copies-work", "copy-of-anothers"), ("trained-on", "copy-of-anothers"),
    ],
)  # fmt: skip
def test_what_aligning_finds_of_others_contests_a_claim(claim_type: ClaimType, code: str) -> None:
    """Beside evidence that would support it; an auditor takes what was measured from the verdict."""
    scene = NOTHING.work("mine", ARTIST, 100, Relation.EXACT, file=FILE).work("hers", OTHER, 50)
    scene = scene.model(10).listing(10, FILE, listed=True)
    works = () if claim_type == "authored-image" else ("mine",)
    model = MODEL if claim_type == "trained-on" else None
    case = scene.case(claim_type, ARTIST, *works, model=model)
    assert verdict(case) == "supported"
    [hers] = [each for each in case.exhibits if each.leaf_index == 50]
    contested = replace(case, measured=(ClaimFinding.of(code, hers.ref),))
    assert verdict(contested) == "inconclusive"
    assert is_contested(decide(contested, RULES).findings)


def test_a_work_that_was_aligned_is_shown() -> None:
    case = NOTHING.work("mine", ARTIST, 100).case("copies-work", ARTIST, "mine")
    assert codes(case) == {"work-not-shown"}
    [mine] = case.exhibits
    aligned = replace(case, measured=(ClaimFinding.of("work-aligned", mine.ref),))
    assert codes(aligned) == {"work-aligned", "work-shown"}
    assert verdict(aligned) == "supported"
