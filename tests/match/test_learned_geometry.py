"""The second verifier: what it adds, and that agreement of points alone is not enough."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from ledger.fingerprint.learned_features import LearnedFeatures, learned_features
from ledger.match.candidate import WorkPicture
from ledger.match.geometry.learned import LEAST_PLACES, LearnedRule, agree_learned
from ledger.match.geometry.verification import QueryGeometry, verify_all
from ledger.match.ranking import shipped_ranking
from tests.match.drawings import drawing, pixels

NONE = WorkPicture(pixels(drawing(40), 256), b"")


def work(number: int) -> WorkPicture:
    return WorkPicture(pixels(drawing(number), 256), b"")


def alike(query: Image.Image, against: WorkPicture) -> tuple[float, str]:
    """The measure of the best hypothesis, and its method."""
    found = list(QueryGeometry(pixels(query, 512)).learned_hypotheses(against))
    best = max(found, key=lambda each: each.places_alike(), default=None)
    return (0.0, "") if best is None else (best.places_alike(), best.method)


def test_a_copy_agrees_and_another_drawing_does_not() -> None:
    edited = drawing(3).resize((400, 400)).filter(ImageFilter.GaussianBlur(1))
    assert alike(edited, work(3))[0] > LEAST_PLACES
    assert alike(edited, work(4))[0] < LEAST_PLACES
    assert alike(edited, NONE)[0] < LEAST_PLACES


def test_a_mirrored_copy_agrees_mirrored() -> None:
    measure, method = alike(ImageOps.mirror(drawing(3)), work(3))
    assert measure > LEAST_PLACES
    assert method == "xfeat-mirrored"


def test_the_transform_puts_the_work_where_it_is() -> None:
    canvas = Image.new("RGB", (700, 700), "lightgrey")
    canvas.paste(drawing(3).resize((350, 350)), (300, 200))
    (found, *_) = QueryGeometry(pixels(canvas, 700)).learned_hypotheses(work(3))
    corner = found.transform @ [0, 0, 1]
    assert corner == pytest.approx([300, 200], abs=8)


def test_points_that_agree_in_one_place_count_once() -> None:
    rng = np.random.default_rng(0)
    directions = np.linalg.qr(rng.normal(size=(64, 64)))[0].astype(np.float32)[:40]
    crowded = LearnedFeatures(rng.random((40, 2)).astype(np.float32), directions)
    spread = LearnedFeatures((rng.random((40, 2)) * 300).astype(np.float32), directions)
    assert agree_learned(spread, spread) is not None
    assert agree_learned(crowded, crowded) is None


def test_too_few_points_agree_on_nothing() -> None:
    few = learned_features(np.full((64, 64, 3), 255, np.uint8))
    assert agree_learned(few, few) is None


def test_the_threshold_is_exceeded_not_met() -> None:
    rule = LearnedRule(threshold=32.0, evidence=3.0)
    assert rule.verifies(32.1)
    assert not rule.verifies(32.0)


def test_it_is_asked_about_works_that_the_first_does_not_verify_where_it_would_decide() -> None:
    """The work has no stored local features, so the first verifier has nothing to go by in a turned copy."""
    rule = shipped_ranking().geometry.rule()
    turned = QueryGeometry(pixels(drawing(3).rotate(8, fillcolor="white"), 512))
    pairs = [("none", turned, NONE), ("work", turned, work(3))]
    assert turned.verify(work(3), rule) is None
    assert verify_all(pairs, rule).keys() == {1}
    assert verify_all(pairs, rule, second=lambda number: number == 0) == {}
    straight = QueryGeometry(pixels(drawing(3), 512))
    found = verify_all([("work", straight, work(3)), ("work", turned, work(3))], rule)
    assert found.keys() == {0}, "the first verifier's"
    assert found[0].evidence.method == "whole"


def test_a_near_duplicate_that_the_first_verifies_does_not_hide_the_work_it_was_made_from() -> None:
    rule = shipped_ranking().geometry.rule()
    turned = drawing(3).rotate(8, fillcolor="white")
    asked, stolen = QueryGeometry(pixels(turned, 512)), WorkPicture(pixels(turned, 256), b"")
    found = verify_all([("squatter's", asked, stolen), ("artist's", asked, work(3))], rule)
    assert {number: each.evidence.method for number, each in found.items()} == {0: "whole", 1: "xfeat"}
