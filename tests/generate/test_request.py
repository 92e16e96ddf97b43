"""Requests: what nobody can ask for, what a generator fills in, and seeds that are derived the same way for ever."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.generate.request import MAX_PROMPT, GenerationRequest, RequestLimits
from ledger.record.commitment import commit

LIMITS = RequestLimits(
    multiple=8,
    min_side=64,
    max_side=256,
    width=128,
    height=128,
    steps=30,
    max_steps=100,
    guidance=Decimal("7.5"),
    guidance_matters=True,
    negative_prompt=True,
)
DISTILLED = RequestLimits(
    multiple=16,
    min_side=512,
    max_side=2048,
    width=1024,
    height=1024,
    steps=4,
    max_steps=100,
    guidance=Decimal(0),
    guidance_matters=False,
    negative_prompt=False,
)


def test_what_is_left_out_comes_from_the_generator_and_the_seed_from_chance() -> None:
    one, other = (GenerationRequest.of(LIMITS, "a red car") for _ in range(2))
    assert (one.width, one.height, one.steps, one.guidance_text, one.count) == (128, 128, 30, "7.5", 1)
    assert one.negative_prompt == ""
    assert one.seed != other.seed


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"prompt": ""}, "bad-prompt"),
        ({"prompt": " \u2003"}, "bad-prompt"),
        ({"prompt": "a" * (MAX_PROMPT + 1)}, "bad-prompt"),
        ({"prompt": "a\nb"}, "bad-prompt"),
        ({"prompt": "a\x00b"}, "bad-prompt"),
        ({"prompt": "a\x7f"}, "bad-prompt"),
        ({"prompt": "a\x9b31m"}, "bad-prompt"),
        ({"prompt": "a\ud800"}, "bad-prompt"),
        ({"prompt": "a\u202egniwarD"}, "bad-prompt"),
        ({"prompt": "a\u2028b"}, "bad-prompt"),
        ({"prompt": 7}, "bad-prompt"),
        ({"negative_prompt": "a\x1b[2J"}, "bad-prompt"),
        ({"negative_prompt": "a" * (MAX_PROMPT + 1)}, "bad-prompt"),
        ({"seed": -1}, "bad-seed"),
        ({"seed": 2**64}, "bad-seed"),
        ({"seed": 10**5000}, "bad-seed"),
        ({"seed": 1.0}, "bad-seed"),
        ({"seed": True}, "bad-seed"),
        ({"steps": 0}, "bad-steps"),
        ({"steps": -3}, "bad-steps"),
        ({"steps": 101}, "bad-steps"),
        ({"steps": 10**9}, "bad-steps"),
        ({"guidance": -0.1}, "bad-guidance"),
        ({"guidance": 51}, "bad-guidance"),
        ({"guidance": float("nan")}, "bad-guidance"),
        ({"guidance": float("inf")}, "bad-guidance"),
        ({"guidance": "much"}, "bad-guidance"),
        ({"guidance": "1.2345"}, "bad-guidance"),
        ({"guidance": "1e999999"}, "bad-guidance"),
        ({"width": 100}, "bad-size"),
        ({"width": 56}, "bad-size"),
        ({"height": 264}, "bad-size"),
        ({"height": 0}, "bad-size"),
        ({"width": -128}, "bad-size"),
        ({"width": 2**31}, "bad-size"),
        ({"count": 0}, "bad-count"),
        ({"count": 17}, "bad-count"),
    ],
)
def test_what_nobody_can_ask_for(asked: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as caught:
        GenerationRequest.of(LIMITS, **{"prompt": "a tree", **asked})
    assert caught.value.code == code
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("asked", "code"), [({"guidance": 3.5}, "bad-guidance"), ({"negative_prompt": "blurred"}, "bad-prompt")]
)
def test_what_would_change_nothing_is_refused_rather_than_recorded(asked: dict[str, Any], code: str) -> None:
    assert GenerationRequest.of(DISTILLED, "a tree", guidance=0).guidance_text == "0"
    with pytest.raises(InputError) as caught:
        GenerationRequest.of(DISTILLED, "a tree", **asked)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("given_as", "text"),
    [(7.1, "7.1"), ("7.50", "7.5"), (10, "10"), (Decimal("0.125"), "0.125"), ("-0", "0")],
)
def test_guidance_is_recorded_as_it_was_given(given_as: Any, text: str) -> None:
    assert GenerationRequest.of(LIMITS, "a tree", guidance=given_as).guidance_text == text


def test_seeds_are_derived_as_the_documentation_says() -> None:
    request = GenerationRequest.of(LIMITS, "a tree", seed=7, count=3)
    assert [request.seed_of(index) for index in range(3)] == [7, 8, 9]
    # printf 'artledger/retry-seed/v1\n\0\0\0\0\0\0\0\x08\0\0\0\x02' | sha256sum | cut -c1-16
    assert request.seed_of(1, attempt=2) == 0x18EE5861BB98B576
    assert GenerationRequest.of(LIMITS, "a tree", seed=2**64 - 1, count=2).seed_of(1) == 0


@given(st.integers(0, 2**64 - 1), st.integers(0, 15), st.integers(0, 5))
def test_every_derived_seed_can_be_asked_for(seed: int, index: int, attempt: int) -> None:
    derived = GenerationRequest.of(LIMITS, "a tree", seed=seed, count=16).seed_of(index, attempt)
    assert GenerationRequest.of(LIMITS, "a tree", seed=derived).seed_of(0) == derived


@given(st.text(max_size=60))
def test_a_prompt_is_taken_as_it_is_or_refused(prompt: str) -> None:
    """And what is taken can be committed to."""
    try:
        request = GenerationRequest.of(LIMITS, prompt)
    except InputError as refused:
        code = refused.code
    else:
        code = "bad-prompt"
        assert request.prompt == prompt
        commit({"prompt": request.prompt})
    assert code == "bad-prompt"
