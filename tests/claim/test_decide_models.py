"""Claims about models, decided by the table: what generated a picture, and what a model was trained on."""

from __future__ import annotations

import pytest

from ledger.match.lists import Relation
from tests.claim.cases import (
    ARTIST,
    FILE,
    MODEL,
    OTHER,
    OTHER_MODEL,
    Scene,
    codes,
    verdict,
)
from tests.record.samples import sha

NOTHING = Scene()


class TestGeneration:
    @pytest.mark.parametrize("how", ["pixels", "file", "alike", "measured"])
    def test_only_this_servers_own_record_decides(self, how: str) -> None:
        made = NOTHING.made(50, how)
        assert verdict(made.case("generated-by", model=MODEL)) == "supported"
        assert verdict(made.case("generated-by")) == "supported"
        assert verdict(made.case("generated-by", model=OTHER_MODEL)) == "contradicted"

    @pytest.mark.parametrize("model", [MODEL, OTHER_MODEL, None])
    def test_reported_pictures_decide_nothing(self, model: object) -> None:
        case = NOTHING.made(50, origin="reported").case("generated-by", model=MODEL if model is MODEL else OTHER_MODEL)
        assert verdict(case) == "inconclusive"

    def test_an_unknown_picture(self) -> None:
        assert verdict(NOTHING.case("generated-by", model=MODEL)) == "inconclusive"
        assert verdict(NOTHING.made(50, "part").case("generated-by", model=MODEL)) == "inconclusive"

    def test_an_earlier_work_that_looks_like_it_may_be_the_picture(self) -> None:
        registered = NOTHING.work("theirs", OTHER, 20, Relation.EXACT)
        for model in (MODEL, OTHER_MODEL):
            assert verdict(registered.made(50, "alike").case("generated-by", model=model)) == "inconclusive"
        assert verdict(registered.made(50, "pixels").case("generated-by", model=MODEL)) == "supported"


class TestTraining:
    WORK = NOTHING.work("mine", ARTIST, 100)
    LISTED = sha("file mine")

    def test_a_proof_of_membership_supports(self) -> None:
        scene = self.WORK.model(10).listing(10, self.LISTED, listed=True)
        assert verdict(scene.case("trained-on", ARTIST, "mine", model=MODEL)) == "supported"
        assert verdict(scene.case("trained-on", ARTIST, "mine", model=OTHER_MODEL)) == "inconclusive"

    def test_absence_and_silence_prove_nothing(self) -> None:
        absent = self.WORK.model(10).listing(10, self.LISTED, listed=False)
        silent = self.WORK.model(10, disclosed=False)
        for scene, code in ((absent, "not-listed"), (silent, "undisclosed")):
            case = scene.case("trained-on", ARTIST, "mine", model=MODEL)
            assert verdict(case) == "inconclusive"
            assert codes(case) == {code}

    def test_a_later_list_without_the_work_does_not_undo_an_earlier_one(self) -> None:
        scene = self.WORK.model(10).model(30).listing(10, self.LISTED, listed=True)
        both = scene.listing(30, self.LISTED, listed=False)
        assert verdict(both.case("trained-on", ARTIST, "mine", model=MODEL)) == "supported"

    def test_every_work_named_must_be_listed(self) -> None:
        scene = self.WORK.work("two", ARTIST, 101).model(10).listing(10, self.LISTED, listed=True)
        both = scene.listing(10, sha("file two"), listed=False)
        assert verdict(both.case("trained-on", ARTIST, "mine", "two", model=MODEL)) == "inconclusive"

    def test_without_works_the_picture_itself_is_meant(self) -> None:
        scene = NOTHING.model(10).listing(10, FILE, listed=True)
        assert verdict(scene.case("trained-on", model=MODEL)) == "supported"
        anothers = scene.work("hers", OTHER, 5, Relation.EXACT, file=FILE).case("trained-on", model=MODEL)
        assert "registered-by-another" in codes(anothers)
        assert verdict(anothers) == "inconclusive", "nobody else's file is claimed by not naming the work"

    def test_a_contested_work_supports_no_claim(self) -> None:
        scene = self.WORK.work("twin", OTHER, 90, file=self.LISTED).model(10).listing(10, self.LISTED, listed=True)
        case = scene.case("trained-on", ARTIST, "mine", model=MODEL)
        assert "contested-earlier" in codes(case)
        assert verdict(case) == "inconclusive", "a file that two registered is listed for neither of them"
