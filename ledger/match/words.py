"""The one wording of relations and verdicts, for reference sentences, the guard's reasons, the command line, pages."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.match.lists import Relation, Verdict

RELATION_WORDS: Mapping[Relation, str] = {
    Relation.EXACT: "the same file",
    Relation.SAME_PIXELS: "identical pixels",
    Relation.NEAR_DUPLICATE: "edited copy",
    Relation.PARTIAL_COPY: "contains part of it",
    Relation.UNVERIFIED: "close, copy not confirmed",
    Relation.SIMILAR_STYLE: "similar style",
    Relation.NEAREST: "nearest by rank, no claim",
}
"""What a picture is to the work beside it, for tables."""
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
VERDICT_WORDS: Mapping[Verdict, str] = {
    Verdict.COPY: "A registered work, or part of one, is in this picture.",
    Verdict.STYLE: "This picture is similar in style to a registered work. No copy was found.",
    Verdict.NONE: "No copy of a registered work was found.",
    Verdict.NOT_COMPARABLE: "This picture is too small or too plain to compare. Only identical files can be found.",
}


def sentence(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]
