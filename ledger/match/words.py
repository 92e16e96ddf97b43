"""The wording of relations, verdicts, works and figures in reference sentences, the guard's reasons, the command line
and pages. Other words of answers are in `ledger.answers.words`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal, Protocol

from ledger.corpus.work import UNKNOWN_ARTIST
from ledger.match.lists import WHOLE_COVER, Relation, Verdict
from ledger.text import clean_text

Part = Literal["whole-work", "detail", "shared"]
"""A partial copy: the picture contains the whole work, it is a detail of the work, or each shows more than the part
that both show, as pictures of one series do."""
NAME_LIMIT = 120
_QUOTES = str.maketrans({"“": "'", "”": "'", "„": "'", "«": "'", "»": "'", '"': "'"})

RELATION_WORDS: Mapping[Relation, str] = {
    Relation.EXACT: "the same file",
    Relation.SAME_PIXELS: "identical pixels",
    Relation.NEAR_DUPLICATE: "edited copy",
    Relation.PARTIAL_COPY: "contains part of it",
    Relation.UNVERIFIED: "close, copy not confirmed",
    Relation.SIMILAR_STYLE: "similar style",
    Relation.NEAREST: "nearest by rank, no claim",
}
"""Relation of a picture to the work in the same row, for tables."""
RELATION_SENTENCES: Mapping[Relation, str] = {
    Relation.EXACT: "the same file as {work}",
    Relation.SAME_PIXELS: "the same pixels as {work}",
    Relation.NEAR_DUPLICATE: "an edited copy of {work}",
    Relation.PARTIAL_COPY: "contains part of {work}",
    Relation.UNVERIFIED: "close to {work}, but no copy was confirmed",
    Relation.SIMILAR_STYLE: "similar in style to {work}",
    Relation.NEAREST: "nearest by rank is {work}, which is no claim",
}
"""The same as part of a sentence."""
PART_WORDS: Mapping[Part, str] = {
    "whole-work": "contains it",
    "detail": "a detail of it",
    "shared": "shares a drawn part",
}
"""What a partial copy is to the work, for tables."""
PART_SENTENCES: Mapping[Part, str] = {
    "whole-work": "contains {work}",
    "detail": "a detail of {work}",
    "shared": "shares a drawn part with {work}",
}
"""The same as part of a sentence."""
VERDICT_WORDS: Mapping[Verdict, str] = {
    Verdict.COPY: "A registered work, or part of one, is in this picture.",
    Verdict.STYLE: "This picture is similar in style to a registered work. No copy was found.",
    Verdict.NONE: "No copy of a registered work was found.",
    Verdict.NOT_COMPARABLE: "This picture is too small or too plain to compare. Only identical files can be found.",
}


class Covers(Protocol):
    """Evidence of an aligned pair: the share of each picture's content that its region shows."""

    @property
    def query_cover(self) -> float | str: ...
    @property
    def work_cover(self) -> float | str: ...


def part_of(evidence: Covers) -> Part:
    """What a partial copy is to the work, by the shares of both pictures' content that the aligned region shows."""
    if Decimal(str(evidence.work_cover)) >= Decimal(WHOLE_COVER):
        return "whole-work"
    return "detail" if Decimal(str(evidence.query_cover)) >= Decimal(WHOLE_COVER) else "shared"


def relation_words(relation: Relation, evidence: Covers | None = None) -> str:
    """The relation to the work in the same row; with `evidence`, a partial copy says which part it is."""
    if relation is Relation.PARTIAL_COPY and evidence is not None:
        return PART_WORDS[part_of(evidence)]
    return RELATION_WORDS[relation]


def relation_sentence(relation: Relation, work: str, evidence: Covers | None = None) -> str:
    """The same as part of a sentence about a work as `describe_work` names it."""
    partial = relation is Relation.PARTIAL_COPY and evidence is not None
    words = PART_SENTENCES[part_of(evidence)] if partial and evidence is not None else RELATION_SENTENCES[relation]
    return words.format(work=work)


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """The text with a small first letter, to continue another sentence."""
    return text[:1].lower() + text[1:]


@dataclass(frozen=True, slots=True)
class WorkName:
    """Title and artist from the work's source: untrusted text."""

    title: str
    artist: str


Names = Callable[[str], WorkName | None]
"""Names by work id; None if unknown or erased."""


def describe_work(work_id: str, artist_id: str, name: WorkName | None) -> str:
    """Title and artist, cleaned and quoted; the ids if no names are known."""
    if name is None:
        return f"work {work_id} by artist {artist_id}"
    return f"{describe_title(name.title)} by {describe_artist(name.artist)}"


def describe_title(title: str) -> str:
    shown = clean_text(title, NAME_LIMIT).translate(_QUOTES)
    return f"“{shown}”" if shown else "an untitled work"


def describe_artist(name: str) -> str:
    shown = clean_text(name, NAME_LIMIT).translate(_QUOTES)
    return "an unknown artist" if shown in ("", UNKNOWN_ARTIST) else shown


def chance(p_value: str | float, n_null: int) -> str:
    """How often an unrelated picture comes as close, among `n_null`: `1 in 687`, or `nearly every`."""
    measured = Decimal(str(p_value))
    count = int((1 / measured).to_integral_value(ROUND_HALF_EVEN)) if measured else n_null + 1
    return "nearly every" if count < 2 else f"1 in {count:,}"


def one_in(p_value: str | float, n_null: int) -> str:
    """The same, as the subject of a sentence: `1 in 687 unrelated pictures`."""
    said = chance(p_value, n_null)
    return f"{said} unrelated picture{'s' if said.startswith('1') else ''}"


def percent(share: str) -> str:
    """A number in [0, 1] as a percentage with at most two decimals. Only exactly 0 or 1 reads as 0% or 100%."""
    value = Decimal(share)
    shown = (value * 100).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    if shown == 0 and value > 0:
        return "under 0.01%"
    if shown == 100 and value < 1:
        return "over 99.99%"
    return f"{shown.normalize():f}%"


def count(number: int, what: str) -> str:
    """`1 work`, `2,000 works`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
