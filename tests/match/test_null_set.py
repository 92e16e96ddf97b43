"""The shipped files: whole, of this version's spec, and what the model card says."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from ledger.errors import IntegrityError
from ledger.fingerprint.spec import copy_spec
from ledger.match.null_set import NEIGHBOURING, draw_pairs, read_null_set, shipped_null_set
from ledger.match.ranking import read_ranking, shipped_ranking


def test_they_are_of_the_spec_that_this_version_makes_fingerprints_under() -> None:
    assert shipped_null_set().spec == shipped_ranking().spec == copy_spec().digest


def test_there_are_enough_unrelated_pictures_for_one_percent_in_every_bin() -> None:
    complexity = shipped_null_set().complexity
    edges = [float(item.below) for item in shipped_ranking().bins]

    assert np.histogram(complexity, [0, *edges])[0].min() >= 500


def test_vectors_have_length_one() -> None:
    null_set = shipped_null_set()
    for vectors in (null_set.queries.images.copy, null_set.sources.copy, null_set.background):
        np.testing.assert_allclose(np.linalg.norm(vectors.astype(np.float32), axis=1), 1, atol=2e-3)


def test_the_model_card_names_the_shipped_files() -> None:
    data = files("ledger.match") / "data"
    card = (data / "null-v3.md").read_text()

    assert shipped_null_set().digest in card
    assert f"{len(shipped_null_set()):,} pictures" in card


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"not a null set at all"])
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError) as null_set:
        read_null_set(data)
    with pytest.raises(IntegrityError) as ranking:
        read_ranking(data)
    assert (null_set.value.code, ranking.value.code) == ("bad-null-set", "bad-ranking")


def test_drawn_evidence_is_that_of_pairs_as_near() -> None:
    pairs_raw = np.arange(1000, dtype=np.float64)
    evidence = np.where(pairs_raw < 500, -1, 1).astype(np.float32)

    drawn = evidence[draw_pairs(np.array([[10.0, 990.0], [2000.0, -5.0]]), pairs_raw, 3)]

    assert drawn.shape == (2, 2, 3)
    assert (drawn[:, :, 0] == [[-1, 1], [1, -1]]).all()
    assert (drawn == evidence[draw_pairs(np.array([[10.0, 990.0], [2000.0, -5.0]]), pairs_raw, 3)]).all()


def test_drawn_evidence_has_the_share_of_the_measured() -> None:
    evidence = np.where(np.arange(NEIGHBOURING) % 10 == 0, 3.0, -1.0).astype(np.float32)

    drawn = evidence[draw_pairs(np.zeros((400, 5)), np.zeros(NEIGHBOURING), 4)]

    assert (drawn == 3).mean() == pytest.approx(0.1, abs=0.01)


def test_the_nearest_picture_of_each_unrelated_one_counts() -> None:
    shipped = shipped_null_set()
    rows = np.split(np.arange(len(shipped.queries)), shipped.starts[1:])
    assert {len(each) for each in rows} == {1, 2}
    raw = np.random.default_rng(1).random((len(shipped.queries), 5))
    assert (shipped.best_pictures(raw) == [raw[each].max(axis=0) for each in rows]).all()
