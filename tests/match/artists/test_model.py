from __future__ import annotations

import numpy as np
import pytest

from ledger.match.artists.model import ArtistCalibration, open_set_evidence


def test_calibrated_rows_sum_to_one_and_keep_the_order() -> None:
    averaged = np.array([[0.5, 0.2, 0.3], [0.05, 0.05, 0.9]])
    found = ArtistCalibration(2.0, 0.0, (1.0, 0.0, 0.0))(averaged)
    assert found.sum(axis=1) == pytest.approx([1, 1])
    assert found[:, -1] == pytest.approx([0.3, 0.9])
    assert found[0, 0] > found[0, 1]
    assert found[0, 0] / found[0, 1] == pytest.approx(np.sqrt(2.5))


def test_evidence_of_the_open_set() -> None:
    sure, unsure = open_set_evidence(np.array([[0.9, 0.05, 0.05], [0.3, 0.3, 0.4]]))
    assert unsure[0] > sure[0]
    assert unsure[1] < sure[1]
    assert unsure[2] > sure[2]
    assert np.isfinite(open_set_evidence(np.array([[0.0, 0.0, 1.0]]))).all()
