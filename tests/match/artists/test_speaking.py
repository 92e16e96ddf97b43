"""Which works speak for a name."""

from __future__ import annotations

import numpy as np

from ledger.match.artists.features import FeatureBlock
from ledger.match.artists.speaking import MOST_SPEAKING, speaking_works
from tests.match.artists.samples import block_of, labelled
from tests.match.artists.test_artifact import model

MODEL = model()
WORKS = labelled(2, 6, subjects=3)
BLOCK = block_of(WORKS, spread=0.1)
OWNED = [(work.artist, work.key) for work in WORKS]


def test_the_nearest_works_of_each_artist_come_first() -> None:
    asked = BLOCK[np.array([0])]
    found = speaking_works(MODEL, asked, BLOCK, OWNED)
    assert {len(each) for each in found.values()} == {MOST_SPEAKING}
    assert found[WORKS[0].artist][0] == WORKS[0].key
    assert found.keys() == {work.artist for work in WORKS}


def test_works_without_the_features_say_nothing() -> None:
    few = FeatureBlock.of({"other": np.ones((len(WORKS), 2), np.float32)}, {"other": "0" * 64})
    assert speaking_works(MODEL, BLOCK[np.array([0])], few, OWNED) == {}
    assert speaking_works(MODEL, BLOCK[np.array([0])], BLOCK[np.zeros(0, np.int64)], []) == {}
