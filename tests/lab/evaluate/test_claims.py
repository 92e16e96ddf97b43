"""Constructed claims: what is expected of each, how they are counted, and a short form of them on a real ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from ledger.image.canonical_image import Pixels
from ledger.lab.evaluate.claims.evaluation import evaluate_claims, one_by_folder
from ledger.lab.evaluate.claims.figures import squatting, summary
from ledger.lab.evaluate.claims.plan import EDITS, Filing, PlannedWork, Sighting, side_by_side
from ledger.lab.evaluate.claims.squats import SQUATS, Squat
from ledger.lab.evaluate.claims.throwaway_ledger import ThrowawayLedger
from ledger.lab.evaluate.edits.drawing import KINDS
from ledger.record.predicates import ClaimVerdict
from tests.applications import application_with
from tests.conftest import DatabaseUrl
from tests.match.drawings import drawing, pixels

ONE_TURN = 40
"""Claims of every construction once."""


@dataclass(frozen=True)
class Drawn:
    number: int

    @property
    def name(self) -> str:
        return f"drawn/{self.number}/picture"

    def pixels(self) -> Pixels:
        return pixels(drawing(700 + self.number, 256))


class Blank:
    """A picture of which no log can say whose it is."""

    name = "blank/picture"

    def pixels(self) -> Pixels:
        return np.full((64, 64, 3), 255, np.uint8)


DRAWN = [Drawn(number) for number in range(30)]


@dataclass
class Register:
    """A ledger that only writes down what it is asked, and always says the same."""

    says: ClaimVerdict
    filings: list[Filing] = field(default_factory=list)
    works: list[PlannedWork] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    def register(self, works: Sequence[PlannedWork]) -> None:
        self.order.append("register")
        self.works += works

    def generate(self, picture: Pixels, model: str) -> bytes:
        self.order.append("generate")
        return b"handed out"

    def report(self, data: bytes, model: str) -> None:
        self.order.append("report")

    def disclose(self, model: str, files: Sequence[str]) -> None:
        assert set(files) <= {work.file for work in self.works}

    def judge(self, filing: Filing) -> ClaimVerdict:
        self.filings.append(filing)
        return self.says

    def compare_with(self, picture: bytes, file: str) -> Sighting:
        assert file in {work.file for work in self.works}
        return Sighting(aligned=len(picture) % 2 == 0, named=False)


def silent(stage: str, done: int, total: int | None) -> None:
    """No progress."""


def filed(says: ClaimVerdict = "inconclusive", seed: int = 7) -> Register:
    ledger = Register(says)
    evaluate_claims(DRAWN, ledger, ONE_TURN, seed, silent, squatters=())
    return ledger


def test_every_construction_is_there_and_in_its_order() -> None:
    ledger = filed()
    assert len(ledger.filings) == ONE_TURN
    assert {each.claim_type for each in ledger.filings} == {
        "authored-image", "copies-work", "generated-by", "trained-on",
    }  # fmt: skip
    words = " ".join(each.kind for each in ledger.filings)
    for kind in ("edited", "generated", "contested", "squatted", "unknown", "reported", "trained", "side by side"):
        assert kind in words
    first, last = ledger.order.index("register"), len(ledger.order) - 1 - ledger.order[::-1].index("register")
    assert all(first < place < last for place, what in enumerate(ledger.order) if what != "register")
    assert [each.picture for each in ledger.filings if each.kind == "generated here, the file"] == [b"handed out"]
    early = [work.data for work in ledger.works]
    assert len(early) > len(set(early)), "somebody registers what is registered"


def test_the_same_seed_makes_the_same_claims() -> None:
    assert filed().filings == filed().filings
    assert filed(seed=8).filings != filed().filings


def test_where_two_registered_the_same_nothing_is_decided() -> None:
    for each in filed().filings:
        if each.kind.startswith(("squatted", "contested")):
            assert each.expected == "inconclusive"
        if each.expected == "contradicted":
            assert not each.truthful


def test_squatters_register_and_claim_before_and_after_the_artist() -> None:
    ledger = Register("supported")
    report = evaluate_claims(DRAWN, ledger, 1, 7, silent, squatters=SQUATS).document
    assert [squat.copies for squat in SQUATS if squat.accounts == 1] == [1, 3, 12, 50]
    thieves = [each for each in ledger.filings if each.stolen is not None]
    assert {each.claim_type for each in thieves} == {"authored-image", "copies-work", "trained-on"}
    assert all(each.expected == "inconclusive" and not each.truthful for each in thieves)
    order = {work.file: place for place, work in enumerate(ledger.works)}
    firsts = {each.kind: order[each.works[0]] < order[each.stolen or ""] for each in thieves if each.works}
    assert {kind: early for kind, early in firsts.items() if "near-dup" in kind} == {
        f"{squat.copies} near-duplicates by {squat.accounts}, {when} the artist": when == "before"
        for squat in SQUATS for when in ("before", "after")
    }  # fmt: skip
    for squat in SQUATS:
        kind = f"{squat.copies} near-duplicates by {squat.accounts},"
        owners = {each.claimant for each in thieves if each.works and each.kind.startswith(kind)}
        copies = [work for work in ledger.works if work.artist in owners]
        assert len(copies) >= 2 * squat.copies / squat.accounts
        assert len({work.data for work in copies}) == len(copies), "each copy is another file"
    assert (report["squatter_claims"], report["squatter_supported"]) == (len(thieves), len(thieves))
    assert report["true_artist_missing"] == report["squatted_records"] > 0
    assert squatting(ledger.filings, ["inconclusive"] * len(ledger.filings), [Sighting(aligned=True, named=True)]) == {
        "squatter_claims": len(thieves), "squatter_supported": 0, "squatted_records": 1, "true_artist_missing": 0,
    }  # fmt: skip


def test_edits_exist_under_these_names() -> None:
    for edit in EDITS:
        assert edit.strength in KINDS[edit.kind].strengths


@pytest.mark.parametrize("says", ["supported", "contradicted", "inconclusive"])
def test_figures_count_what_was_said(says: ClaimVerdict) -> None:
    filings = filed().filings
    figures = summary(filings, [says] * len(filings))
    assert figures["claims"] == len(filings)
    assert figures["recall"][says]["value"] == 1
    others = {"supported", "contradicted", "inconclusive"} - {says}
    assert all(figures["recall"][other]["value"] == 0 for other in others)
    expected = sum(each.expected == says for each in filings)
    assert figures["precision"][says]["value"] == pytest.approx(expected / len(filings))
    assert all(figures["precision"][other]["value"] is None for other in others)
    lies = sum(not each.truthful and each.claim_type == "authored-image" for each in filings)
    assert figures["false_authorship_supported"] == (lies if says == "supported" else 0)
    wronged = sum(each.truthful for each in filings)
    assert figures["truthful_contradicted"] == (wronged if says == "contradicted" else 0)
    assert sum(row["n"] for row in figures["per_kind"]) == len(filings)


def test_too_few_drawings_make_fewer_claims() -> None:
    ledger = Register("supported")
    report = evaluate_claims(DRAWN[:3], ledger, ONE_TURN, 7, silent, squatters=())
    assert 0 < report.document["claims"] < ONE_TURN


def test_helpers() -> None:
    both = side_by_side(np.zeros((2, 3, 3), np.uint8), np.ones((4, 5, 3), np.uint8))
    assert both.shape == (4, 8, 3)
    assert both[3, 0, 0] == 255
    assert both[3, 7, 0] == 1
    assert list(one_by_folder([DRAWN[0], DRAWN[0], DRAWN[1], Blank()])) == DRAWN[:2]


@pytest.mark.slow
def test_the_rules_hold_on_a_ledger(database_server: DatabaseUrl, template: str, tmp_path: Path) -> None:
    """The short form: every construction once, over drawings that nobody could confuse."""
    with application_with(database_server, template, tmp_path / "data") as application:
        ledger = ThrowawayLedger.on(application, tmp_path / "works")
        figures = evaluate_claims(DRAWN, ledger, ONE_TURN, 7, silent, squatters=()).document
    wrong = [row for row in figures["per_kind"] if row[row["expected"]] < row["n"]]
    assert figures["false_authorship_supported"] == 0
    assert figures["truthful_contradicted"] == 0
    for verdict in ("supported", "contradicted"):
        assert figures["recall"][verdict]["value"] >= 0.9, wrong


@pytest.mark.slow
def test_squatters_gain_nothing_on_a_ledger(database_server: DatabaseUrl, template: str, tmp_path: Path) -> None:
    """Twelve near-duplicates: enough to leave the true artist out where a picture's ten nearest works alone are
    aligned with it. The short form is tests/flows/test_squatting.py."""
    with application_with(database_server, template, tmp_path / "data") as application:
        ledger = ThrowawayLedger.on(application, tmp_path / "works")
        figures = evaluate_claims(DRAWN, ledger, 0, 7, silent, squatters=[Squat(12)]).document
    assert (figures["squatter_claims"], figures["squatter_supported"]) == (14, 0), figures["missed"]
    assert figures["truthful_contradicted"] == 0
    assert figures["squatted_records"] >= 10
    assert figures["true_artist_missing"] == 0
