"""Untrusted names and titles become one line of visible text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.text import MAX_MARKS, clean_text

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
AWKWARD = st.text(
    st.sampled_from(
        "ae \t\n\u0301\u0308\u0958\u093c\u200c\u200d\u202e\u2066\ufeff\u3164\u1100\u1161\u212b\ud800\ue000\uffff\u2028ک"
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("  Star\t\r\n of   the\u2028sea\u00a0 ", "Star of the sea"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("\u2066Mona\u2069 \u200fLisa\u061c", "Mona Lisa"),
        ("a\u200bd\u200dm\u200ci\u00adn\ufeff", "admin"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🎨 at work", "👩\u200d🎨 at work"),
        ("a\x00b\x1b[31mc\x7f\x9b", "ab[31mc"),
        ("e\u0301", "é"),
        ("e\u0000\u0301", "é"),
        ("Angstrom \u212b", "Angstrom Å"),
        ("\ud800x\udfff\ue000\ufffe\U0010ffff", "x"),
        ("\u3164\u2800", ""),
        ("<b>&", "<b>&"),
    ],
)
def test_known_cases(given_text: str, expected: str) -> None:
    assert clean_text(given_text) == expected


def test_stacked_marks_are_capped() -> None:
    assert clean_text("x" + "\u0316" * 50) == "x" + "\u0316" * MAX_MARKS


def test_long_text_is_cut_visibly() -> None:
    assert clean_text("abcdef", limit=6) == "abcdef"
    assert clean_text("abcdefg", limit=6) == "abcde…"
    assert clean_text("abcd efgh", limit=6) == "abcd…"


@given(st.one_of(ANY_TEXT, AWKWARD), st.integers(min_value=2, max_value=40))
def test_clean_text_is_idempotent_bounded_and_encodable(value: str, limit: int) -> None:
    cleaned = clean_text(value, limit)
    assert len(cleaned) <= limit
    assert clean_text(cleaned, limit) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    assert cleaned.isprintable() or any(
        char in "\u200c\u200d" or unicodedata.category(char) == "Cn" for char in cleaned
    )
    cleaned.encode()
