"""The copy descriptor and the statistics of its network come from one pass, and the descriptor stays what it was."""

from __future__ import annotations

import numpy as np

from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.hand import depths, technique
from ledger.fingerprint.hand.hand import hand_prints, hand_specs
from tests.fingerprint.hand.test_technique import outlined


def test_one_pass_gives_both() -> None:
    encoder = load_copy_encoder()
    pictures = [outlined(), outlined((40, 40, 220), 16)]
    made = hand_prints(encoder, pictures)
    assert (made.copy == encoder.encode(pictures)).all()
    assert (made.copy == encoder.encode_queries(pictures)[:, 0]).all()
    assert set(made.parts) == {technique.NAME, depths.NAME} == set(hand_specs())
    assert made.parts[depths.NAME].shape == (2, depths.DIMENSION)
    assert (made.parts[technique.NAME][1] == technique.technique(pictures[1])).all()
    assert np.abs(made.parts[depths.NAME][0] - made.parts[depths.NAME][1]).max() > 0.05
