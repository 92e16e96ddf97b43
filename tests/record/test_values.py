from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from ledger.record import values
from ledger.record.values import Model, decimal_text

DECIMALS: TypeAdapter[str] = TypeAdapter(values.DecimalText)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e19, max_value=1e19), st.integers(1, 20))
def test_decimal_text_is_always_valid_and_near(value: float, places: int) -> None:
    text = decimal_text(value, places)
    assert DECIMALS.validate_python(text) == text
    assert abs(Decimal(text) - Decimal(value)) <= Decimal(10) ** -places / 2


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e21])
def test_what_no_decimal_string_can_say(value: float) -> None:
    with pytest.raises(ValueError, match="decimal string"):
        decimal_text(value, 4)


@pytest.mark.parametrize("text", ["0", "0.0", "-0.5", "1", "10", "12.50", "-3", "0.0001", "-0.0001"])
def test_decimals(text: str) -> None:
    assert DECIMALS.validate_python(text) == text


@pytest.mark.parametrize(
    "text", ["", "-", "+1", "-0", "-0.00", "01", ".5", "5.", "1e3", "1E3", "NaN", "1,5", " 1", "1\n", "٣", "1_0", "--1"]
)
def test_other_spellings_of_numbers(text: str) -> None:
    with pytest.raises(ValidationError):
        DECIMALS.validate_python(text)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (values.UnitText, ["0", "1", "0.5", "1.000"], ["1.0001", "2", "-0.1", "00.5", ".5"]),
        (values.ScoreText, ["0.0000", "0.123456", "1.0000"], ["0", "1", "0.123", "1.0001"]),
        (values.Digest, ["a" * 64], ["A" * 64, "a" * 63, "a" * 64 + "\n", "g" * 64]),
        (values.Count, [0, 2**53 - 1], [-1, 2**53, True, 1.0, "1"]),
        (values.Licence, ["CC0-1.0", "(MIT OR LicenseRef-x) AND CC-BY-4.0"], ["", " MIT", "MIT\n", 'a"b', "a\\b"]),
        (values.Label, ["DDIMScheduler", "p/q:1.0"], ["", "a b", '"', "é"]),
        (values.MediaType, ["image/png", "image/svg+xml"], ["png", "image/PNG", "image/png; q=1"]),
        (values.Time, ["2026-01-31T23:59:59.999Z"], ["2026-02-30T00:00:00.000Z", "2026-01-31"]),
    ],
)
def test_closed_values(kind: Any, good: list[Any], bad: list[Any]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    for value in good:
        assert adapter.validate_python(value, strict=True) == value
    for value in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(value, strict=True)


def test_tables_come_out_sorted() -> None:
    adapter: TypeAdapter[dict[str, str]] = TypeAdapter(values.DecimalTable)
    assert (
        adapter.dump_json(adapter.validate_python({"b": "1", "a-b": "2", "a": "3"})) == b'{"a":"3","a-b":"2","b":"1"}'
    )


def test_models_with_unsorted_fields_cannot_be_defined() -> None:
    with pytest.raises(TypeError, match="not sorted"):

        class Unsorted(Model):
            b: int
            a: int
