"""The headline of an answer: what is known of a picture, in one title and one sentence, for every surface alike.

Read in this order: a picture that this server made, a registered work, an edited copy of either, what an operator
reported, nothing. What else is known adds lines below, never a second headline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ledger.answers.answer import Answer
from ledger.answers.pictures import MatchAnswer
from ledger.answers.words import CONTESTED
from ledger.match.lists import COPY_RELATIONS, IDENTICAL, Relation, Verdict
from ledger.match.words import (
    WorkName,
    count,
    describe_artist,
    describe_title,
    describe_work,
    one_in,
    part_of,
    relation_sentence,
    sentence,
)
from ledger.record.parts import EvidenceText
from ledger.record.times import day

if TYPE_CHECKING:
    from ledger.corpus.work import Work

HeadlineKind = Literal[
    "generated", "generated-edited", "registered", "edited-copy", "contains-part", "unknown", "not-comparable"
]
"""`generated`: the picture itself; `generated-edited`: an edited copy or a part of it."""
How = Literal["record", "same-file", "same-pixels", "aligned", "part", "hashes"]
NAMED = 3
"""Of those who registered the same picture, so many by name."""


class Headline(Answer):
    """What an answer says first. Unsigned: it follows from records, and from comparing pictures."""

    answer: HeadlineKind
    title: str
    says: str
    """One sentence: how that is known, or what it does not mean."""
    notes: tuple[str, ...] = ()
    """What else is known: a contested or withdrawn work, other works, what is close without being a copy."""
    origin_of_image: str | None = None
    """`service` or `reported` (an operator's claim) where the answer is about a generated picture."""
    record_id: str | None = None
    """Of the generation that title or notes speak of."""
    model: str | None = None
    """Name of the model that made that picture."""
    work_id: str | None = None
    """Of the registered work that title or notes speak of."""


@dataclass(frozen=True, slots=True)
class MadeHere:
    """A recorded generation, and what it is to the picture asked about."""

    record_id: str
    model: str
    """Its name, for people."""
    origin_of_image: str
    generated_at: str
    how: How
    reporter: str = ""
    """Name of the operator who reported it; empty where nobody is named."""

    @property
    def by_service(self) -> bool:
        return self.origin_of_image == "service"

    @property
    def itself(self) -> bool:
        """Whether it is this very picture, and not an edited copy."""
        return self.how in ("record", "same-file", "same-pixels")


@dataclass(frozen=True, slots=True)
class NamedWork:
    """A registered work and what it is to the picture asked about."""

    work_id: str
    artist_id: str
    title: str
    artist: str
    relation: Relation
    names: tuple[str, ...] = ()
    """Of all who registered it, in the order of the log."""
    contested: bool = False
    withdrawn: bool = False
    p_value: str = "0"
    n_null: int = 0
    evidence: EvidenceText | None = None

    @classmethod
    def of_match(cls, match: MatchAnswer) -> NamedWork:
        return cls(
            match.work_id,
            match.artist_id,
            match.title,
            match.artist,
            match.relation,
            match.names,
            match.contested,
            match.withdrawn,
            match.p_value,
            match.n_null,
            match.evidence,
        )

    @classmethod
    def of_work(cls, work: Work, relation: Relation, *, contested: bool) -> NamedWork:
        return cls(
            work.work_id, work.artist_id, work.title, work.artist, relation, (work.artist,), contested, work.withdrawn
        )

    @property
    def described(self) -> str:
        """Title and whoever registered it."""
        if not self.contested:
            return describe_work(self.work_id, self.artist_id, WorkName(self.title, self.artist))
        shown = [f"by {describe_artist(each)}" for each in self.names[:NAMED]]
        if len(self.names) > NAMED:
            shown.append(f"by {len(self.names) - NAMED} others")
        several = [", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown
        return f"{describe_title(self.title)}, registered {' and '.join(several)}"

    @property
    def rate(self) -> str:
        return f"{one_in(self.p_value, self.n_null)} comes this close"


@dataclass(frozen=True, slots=True)
class Compared:
    """How a picture was compared, where nothing is known of it."""

    verdict: Verdict
    works: int
    artists: int | None = None
    """None for a record, which does not say it."""
    recorded: bool = False
    """Whether records about this very picture exist."""


def headline(made: MadeHere | None, works: Sequence[NamedWork], compared: Compared | None) -> Headline:
    """`works`: those that something is claimed about (`MatchAnswer.claims`), the nearest first. `compared`: None where
    only a digest was looked up.

    What this server made stands above a registered work unless the work is the very file and the picture made only
    similar; what was reported, above none: a report is a claim.
    """
    copies = [work for work in works if work.relation in COPY_RELATIONS]
    work = copies[0] if copies else None
    if made is not None and made.by_service and (made.itself or work is None or work.relation not in IDENTICAL):
        return _generated(made, work)
    if work is not None:
        return _registered(work, made)
    if made is not None:
        return _generated(made, None)
    return _unknown(works, compared)


def _generated(made: MadeHere, work: NamedWork | None) -> Headline:
    subject = {"part": "This picture contains part of a picture", "aligned": "This is an edited copy of a picture"}
    subject["hashes"] = subject["aligned"]
    said = f"{subject.get(made.how, 'This picture was')} {_made(made)}"
    notes = () if work is None else (f"Also {_related(work)}, a registered work.", *_on(work))
    return Headline(
        answer="generated" if made.itself else "generated-edited",
        title=said,
        says=_how_known(made),
        notes=notes,
        origin_of_image=made.origin_of_image,
        record_id=made.record_id,
        model=made.model,
        work_id=None if work is None else work.work_id,
    )


def _made(made: MadeHere) -> str:
    if made.by_service:
        return f"made by {made.model} on {day(made.generated_at)}"
    return f"reported on {day(made.generated_at)} as made by {made.model}"


def _how_known(made: MadeHere) -> str:
    if not made.by_service:
        who = describe_artist(made.reporter) if made.reporter else "Whoever runs the generator"
        return f"{who} reported it. That is a claim, and no proof of where the picture comes from."
    return {
        "record": "This server made it, and recorded it before anybody got it.",
        "same-file": "This server made it: the file is the one that it handed out.",
        "same-pixels": "This server made it: the pixels are those that it recorded.",
        "aligned": "This server made that picture. Aligning both pictures confirmed the copy.",
        "part": "This server made that picture. Aligning both pictures confirmed the part.",
        "hashes": "This server made that picture. Its two perceptual hashes found the copy.",
    }[made.how]


_COPIED = {
    "copy": "is an edited copy of",
    "part": "picture contains part of",
    "whole-work": "picture contains",
    "detail": "picture is a detail of",
    "shared": "picture shares a drawn part with",
}


def _kind_of_copy(work: NamedWork) -> str:
    if work.relation is Relation.NEAR_DUPLICATE:
        return "copy"
    return "part" if work.evidence is None else part_of(work.evidence)


def _registered(work: NamedWork, made: MadeHere | None) -> Headline:
    answer: HeadlineKind = "registered"
    title = f"This is {work.described}"
    says = "The file is identical to the registered one."
    if work.relation is Relation.SAME_PIXELS:
        says = "The pixels are identical to those of the registered work."
    elif work.relation not in IDENTICAL:
        answer = "edited-copy" if work.relation is Relation.NEAR_DUPLICATE else "contains-part"
        title = f"This {_COPIED[_kind_of_copy(work)]} {work.described}"
        says = f"Aligning both pictures confirmed it; {work.rate}."
    notes = _on(work)
    if made is not None:
        notes += (_also_made(made),)
    return Headline(
        answer=answer,
        title=title,
        says=says,
        notes=notes,
        origin_of_image=None if made is None else made.origin_of_image,
        record_id=None if made is None else made.record_id,
        model=None if made is None else made.model,
        work_id=work.work_id,
    )


def _also_made(made: MadeHere) -> str:
    what = "" if made.itself else "an edited copy of a picture "
    claim = "" if made.by_service else ". That is a claim, and no proof"
    return f"{sentence(f'{what}{_made(made)}')}{claim}."


def _unknown(works: Sequence[NamedWork], compared: Compared | None) -> Headline:
    """Nothing is a copy; what is close, or similar in style, is told below the headline."""
    if compared is None:
        return Headline(
            answer="unknown",
            title="We have no record of this file",
            says="A digest finds only identical files. Look up the picture itself to find edited copies.",
        )
    notes = tuple(f"{sentence(_related(work))} ({work.rate})." for work in works[:1])
    if compared.verdict is Verdict.NOT_COMPARABLE:
        return Headline(
            answer="not-comparable",
            title="This picture is too small or too plain to compare",
            says="Only identical files can be found.",
        )
    if not compared.works:
        says = "No work is registered here yet, so nothing was compared."
    else:
        by = "" if compared.artists is None else f" by {count(compared.artists, 'artist')}"
        were = "was" if compared.works == 1 else "were"
        says = f"That does not mean it is original: {count(compared.works, 'work')}{by} {were} compared."
    known = "No registered work was found in this picture"
    title = known if compared.recorded else "We have no record of this picture"
    return Headline(answer="unknown", title=title, says=says, notes=notes)


def _related(work: NamedWork) -> str:
    return relation_sentence(work.relation, work.described, work.evidence)


def _on(work: NamedWork) -> tuple[str, ...]:
    notes = []
    if work.contested:
        several = f"{len(work.names)} artists" if len(work.names) > 1 else "Another artist too"
        notes.append(f"Contested: {several} registered it. {CONTESTED}")
    if work.withdrawn:
        notes.append("The work has been withdrawn since.")
    return tuple(notes)
