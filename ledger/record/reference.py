"""The `reference` sentence (FORMAT.md), which says only what a record states about a picture."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from ledger.match.lists import COPY_RELATIONS, IDENTICAL, Relation, Verdict
from ledger.match.words import Names, describe_work, lower_first, one_in, percent, relation_sentence, sentence
from ledger.record.parts import MatchText
from ledger.record.predicates import Generation, Verification


def reference_sentence(record: Verification | Generation, names: Names | None = None) -> str:
    """One sentence: nearest work, artist, relation and error rate; or that nothing is close; or why it is unknown.

    Without `names`, works and artists are shown by id, since the record itself holds only ids.
    """
    nearest = _nearest(record)
    match record.verdict:
        case Verdict.COPY | Verdict.STYLE if nearest is not None:
            return f"{_relation(nearest, names)}."
        case Verdict.NOT_COMPARABLE:
            reason = "This picture is too small or too plain to compare"
            if nearest is not None and nearest.relation in IDENTICAL:
                return f"{reason}, but {lower_first(_relation(nearest, names))}."
            return f"{reason}: only identical files can be found."
        case Verdict.NONE if nearest is not None and nearest.relation in COPY_RELATIONS:
            rate = percent(record.attribution.alpha)
            return f"{_relation(nearest, names)}: too often to be called a copy at an error rate of {rate}."
        case Verdict.NONE if nearest is not None and nearest.relation is Relation.UNVERIFIED:
            return f"{_relation(nearest, names)}."
        case Verdict.COPY | Verdict.STYLE | Verdict.NONE:
            return f"No registered work is close ({_nothing_close(record)})."
        case _:
            assert_never(record.verdict)


def _nearest(record: Verification | Generation) -> MatchText | None:
    """The match that decides the verdict: the first copy, else the first near in style, else the first."""
    if record.verdict in (Verdict.COPY, Verdict.STYLE):
        alpha = Decimal(record.attribution.alpha)
        for match in record.matches:
            copied = match.relation in COPY_RELATIONS
            if copied is (record.verdict is Verdict.COPY) and Decimal(match.p_value) <= alpha:
                return match
    return record.matches[0] if record.matches else None


def _relation(match: MatchText, names: Names | None) -> str:
    work = describe_work(match.work_id, match.artist_id, names(match.work_id) if names else None)
    said = sentence(relation_sentence(match.relation, work, match.evidence))
    match match.relation:
        case Relation.EXACT | Relation.SAME_PIXELS:
            return f"{said} (the SHA-256 digests are equal)"
        case Relation.NEAR_DUPLICATE | Relation.PARTIAL_COPY:
            return f"{said} (confirmed by aligning both pictures; {_rate(match)} comes this close)"
        case Relation.UNVERIFIED | Relation.NEAREST:
            return f"{said} ({_rate(match)} comes this close)"
        case Relation.SIMILAR_STYLE:
            return f"{said}; no copy was found ({_rate(match)} comes this close in style)"
        case _:
            assert_never(match.relation)


def _rate(match: MatchText) -> str:
    return one_in(match.p_value, match.n_null)


def _nothing_close(record: Verification | Generation) -> str:
    if not record.corpus.works:
        return "no work is registered yet"
    if not record.matches:
        return f"none of the {record.corpus.works:,} registered works came into question"
    return f"{_rate(record.matches[0])} comes this close"
