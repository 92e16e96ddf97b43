"""The fuzz targets in seconds: seeds are accepted, changes of them are refused or encode to themselves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.parsers import TARGETS, accepts, seeds


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_accepted(name: str) -> None:
    assert len(seeds(name)) > 1
    assert all(accepts(name, seed) for seed in seeds(name))


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_change_gives_a_second_encoding(name: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(seeds(name)))
    start = data.draw(st.integers(0, len(seed)))
    end = data.draw(st.integers(start, min(len(seed), start + 4)))
    accepts(name, seed[:start] + data.draw(st.binary(max_size=4)) + seed[end:])


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.binary(max_size=300))
def test_anything(name: str, data: bytes) -> None:
    accepts(name, data)
