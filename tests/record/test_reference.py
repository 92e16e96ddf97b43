from __future__ import annotations

import itertools
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.match.lists import Relation, Verdict
from ledger.match.words import WorkName
from ledger.record.reference import reference_sentence
from tests.record.samples import GENERATION, MATCHES, match_text, uid, verification


def heron(work_id: str) -> WorkName | None:
    return {uid(201): WorkName("Blue heron", "Ana Ruiz"), uid(202): WorkName("", "unknown")}.get(work_id)


def test_copy_names_work_artist_relation_and_error_rate() -> None:
    expected = (
        "An edited copy of “Blue heron” by Ana Ruiz (confirmed by aligning both pictures; 1 in 2,000 unrelated "
        "pictures comes this close)."
    )
    assert reference_sentence(verification(), heron) == expected
    assert reference_sentence(GENERATION, heron) == expected


def test_without_names_the_ids_speak() -> None:
    assert f"work {uid(201)} by artist {uid(301)}" in reference_sentence(verification())


def test_nothing_close_says_how_common_that_is() -> None:
    strangers = (match_text(1, Relation.NEAREST, p_value="0.250000"),)
    assert (
        reference_sentence(verification(strangers, Verdict.NONE), heron)
        == "No registered work is close (1 in 4 unrelated pictures comes this close)."
    )
    common = (match_text(1, Relation.NEAREST, p_value="0.900000"),)
    assert "nearly every unrelated picture comes this close" in reference_sentence(verification(common, Verdict.NONE))
    assert "none of the 2,000 registered works" in reference_sentence(verification((), Verdict.NONE))
    empty = verification((), Verdict.NONE)
    nobody = empty.model_copy(update={"corpus": empty.corpus.model_copy(update={"works": 0})})
    assert "no work is registered yet" in reference_sentence(nobody)


def test_equal_digests_need_no_error_rate() -> None:
    for relation, words in [(Relation.EXACT, "The same file as"), (Relation.SAME_PIXELS, "The same pixels as")]:
        text = reference_sentence(verification((match_text(1, relation),)), heron)
        assert words in text
        assert "unrelated" not in text


def test_the_copy_is_named_not_a_stranger_that_ranks_before_it() -> None:
    matches = (match_text(1, Relation.SIMILAR_STYLE), match_text(2, Relation.PARTIAL_COPY))
    text = reference_sentence(verification(matches), heron)
    assert text.startswith("A detail of an untitled work by an unknown artist")


def test_not_comparable_says_why_and_keeps_exact_matches() -> None:
    assert "only identical files can be found" in reference_sentence(verification((), Verdict.NOT_COMPARABLE))
    same = reference_sentence(verification((match_text(1, Relation.EXACT),), Verdict.NOT_COMPARABLE), heron)
    assert "too small or too plain" in same
    assert "the same file as “Blue heron”" in same
    looks = reference_sentence(verification(MATCHES, Verdict.NOT_COMPARABLE), heron)
    assert "heron" not in looks


def test_a_p_value_of_zero_claims_no_more_than_n() -> None:
    assert "1 in 2,000" in reference_sentence(verification((match_text(1, p_value="0"),)))


@pytest.mark.parametrize(("verdict", "relation", "known"), itertools.product(Verdict, Relation, [True, False]))
def test_no_branch_claims_influence(verdict: Verdict, relation: Relation, known: bool) -> None:
    text = reference_sentence(verification((match_text(1, relation),), verdict), heron if known else None)
    assert not re.search(r"train|inspir|influenc|based on|author of|stolen|derived", text, re.IGNORECASE)
    assert text.endswith(".")
    assert len(re.findall(r"[.!?](?:\s|$)", text)) == 1


@given(st.text(max_size=400), st.text(max_size=400))
def test_hostile_names_cannot_break_out(title: str, artist: str) -> None:
    text = reference_sentence(verification(), lambda _: WorkName(title, artist))
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Zl", "Zp") for char in text)
    assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    assert text.count("“") == text.count("”") <= 1
    assert text.endswith("(confirmed by aligning both pictures; 1 in 2,000 unrelated pictures comes this close).")
    assert len(text) < 400
