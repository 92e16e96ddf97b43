"""Credit lines, links and terms: what a row says, what a portfolio says for rows that are silent, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.corpus.credit import clean_link, read_terms
from ledger.corpus.labels import BadRow, LabelRow, Unstated, read_labels
from ledger.corpus.work import Credit
from ledger.errors import InputError
from ledger.text import clean_text

GENERAL = Unstated("Ada", "CC-BY-4.0", ("match", "style"), Credit("© Ada", "https://ada.example/"))
ROWS = """file,title,licence,allowed_uses,credit_line,link,terms
one.png,One,,,,,
two.png,Two,CC0-1.0,none,\u202e© Ada & Ben,https://ben.example/,
three.png,Three,,,,,Ask me first
four.png,Four,,,,javascript:alert(1),
five.png,Five,CC0-1.0,,,,and terms beside it
"""


def test_a_row_says_it_or_the_portfolio_does(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(ROWS)
    one, two, three, four, five = read_labels(labels, GENERAL)
    assert isinstance(one, LabelRow)
    assert isinstance(two, LabelRow)
    assert isinstance(three, LabelRow)
    assert {one.artist, two.artist, three.artist} == {"Ada"}, "without a column `artist`"
    assert (one.licence, one.allowed_uses, one.credit) == ("CC-BY-4.0", ("match", "style"), GENERAL.credit)
    assert (two.licence, two.allowed_uses) == ("CC0-1.0", ())
    assert two.credit == Credit("© Ada & Ben", "https://ben.example/")
    assert three.licence == read_terms("", terms="Ask me first")[0] != one.licence
    assert three.credit.terms == "Ask me first"
    assert [bad.error.code for bad in (four, five) if isinstance(bad, BadRow)] == ["bad-link", "bad-terms"]


def test_terms_of_ones_own_are_named_by_what_they_say() -> None:
    licence, credit = read_terms("", terms=" Ask\tme first ")
    assert credit.terms == "Ask me first"
    assert read_terms(licence, terms="Ask me first")[0] == licence
    assert read_terms("", terms="Ask me second")[0] != licence
    assert read_terms("")[0] == "LicenseRef-unknown"


@given(st.text())
def test_a_link_that_is_taken_can_be_shown(text: str) -> None:
    try:
        link = clean_link(text)
    except InputError as error:
        assert error.code == "bad-link"  # noqa: PT017 - most texts are none
        return
    assert link == clean_text(link, 600)
    assert link == "" or link.startswith(("http://", "https://")) or link.lower().startswith("http")


@pytest.mark.parametrize(
    "link", ["https://ada.example/a?b=%20#c", "http://[::1]:8000/", "https://xn--bcher-kva.example"]
)
def test_links_that_are_taken(link: str) -> None:
    assert clean_link(f" {link}\n") == link
