"""The file of a classifier: written and read again, the same bytes for the same model, refused in any other form."""

from __future__ import annotations

import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from ledger.errors import ConflictError, IntegrityError
from ledger.match.artists.artifact import model_digest, read_artist_model, write_artist_model
from ledger.match.artists.features import FeatureBlock
from ledger.match.artists.fusion import fit_fusion
from ledger.match.artists.members import Linear, Neighbours, Perceptron
from ledger.match.artists.model import ArtistCalibration, ArtistModel, Expert
from tests.match.artists.samples import SPECS, block_of, labelled
from tests.match.artists.test_members import stump

WORKS = labelled(2, 6)
BLOCK = block_of(WORKS)


def model() -> ArtistModel:
    """Two artists and none; one member of each kind."""
    rng = np.random.default_rng(3)

    def linear(inputs: int, outputs: int) -> Linear:
        return Linear(rng.normal(size=(inputs, outputs)).astype(np.float32), np.zeros(outputs, np.float32))

    tech, clip = fit_fusion(BLOCK, ("technique",)), fit_fusion(BLOCK, ("clip", "vae"))
    near = Neighbours(np.eye(3, 12, dtype=np.float32), np.arange(3, dtype=np.int32), np.zeros(3, np.float32),
                      np.array([5, 1], np.float32), 3)  # fmt: skip
    experts = (
        Expert("linear", tech, linear(12, 3), 1.5, 0.4),
        Expert("forest", tech, stump(), 1.0, 0.2),
        Expert("network", clip, Perceptron(linear(18, 4), linear(4, 3)), 2.0, 0.3),
        Expert("nearest", tech, near, 1.0, 0.1),
    )
    specs = {name: SPECS[name] for name in ("technique", "clip", "vae")}
    return ArtistModel(("ada", "ben é"), specs, experts, ArtistCalibration(1.25, -0.5, (0.5, -0.25, 0.125)))


DATA = write_artist_model(model())


def test_it_is_read_as_it_was_written() -> None:
    again = read_artist_model(DATA)
    assert again.classes == ("ada", "ben é")
    found = again.probabilities(BLOCK)
    assert found == pytest.approx(model().probabilities(BLOCK), abs=1e-9)
    assert found.sum(axis=1) == pytest.approx(np.ones(12))
    assert write_artist_model(again) == DATA
    assert model_digest(DATA) == model_digest(write_artist_model(model()))


def test_features_of_another_specification_are_refused() -> None:
    other = FeatureBlock.of(BLOCK.parts, {**SPECS, "vae": "0" * 64})
    with pytest.raises(ConflictError) as raised:
        read_artist_model(DATA).probabilities(other)
    assert raised.value.code == "spec-mismatch"
    unused = FeatureBlock.of(BLOCK.parts, {**SPECS, "depths": "0" * 64})
    assert len(read_artist_model(DATA).probabilities(unused)) == 12


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(DATA) - 1), st.integers(0, 255), st.booleans())
def test_changed_bytes_are_refused_or_give_probabilities(place: int, value: int, cut: bool) -> None:
    changed = DATA[:place] if cut else DATA[:place] + bytes([value]) + DATA[place + 1 :]
    with suppress(IntegrityError):
        found = read_artist_model(changed).probabilities(BLOCK)
        assert found.shape == (12, 3)


@pytest.mark.parametrize(
    "change",
    [
        {"artists": ["ada"]},
        {"artists": ["ada", "ada"]},
        {"artists": ["ada", "ben", "cleo"]},
        {"specs": {}},
        {"temperature": "0.000000"},
        {"version": 2},
        {"more": 1},
    ],
)
def test_a_header_that_does_not_fit_is_refused(change: dict[str, object]) -> None:
    header = json.loads(json.loads(DATA[8 : 8 + int.from_bytes(DATA[:8], "little")])["__metadata__"]["artledger"])
    changed = save(load(DATA), {"artledger": json.dumps(header | change)})
    with pytest.raises(IntegrityError):
        read_artist_model(changed)
