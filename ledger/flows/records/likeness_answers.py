"""What classifiers said of a picture, with names, titles and previews as they are now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from ledger.answers.pictures import LabelReport, LikelyArtist, LikelyLabel, ReferenceReport, SpeakingWork
from ledger.corpus.terms import may
from ledger.corpus.work import Work
from ledger.match.artists.reference import Likeness
from ledger.record.description import People
from ledger.record.parts import ArtistReference
from ledger.record.predicates import Generation, Predicate, Verification
from ledger.record.values import decimal_text

_PLACES = 6
Figures = Callable[[str], Mapping[str, str]]
"""What a classifier reached when it was trained, by its digest."""


def reference_of(predicate: Predicate) -> ArtistReference | None:
    return predicate.artist_reference if isinstance(predicate, Verification | Generation) else None


def referred(predicate: Predicate) -> tuple[str, ...]:
    """Ids of the artists that a classifier named in a record."""
    reference = reference_of(predicate)
    return () if reference is None else tuple(each.artist_id for each in reference.artists)


def speaking(likenesses: Iterable[Likeness]) -> set[str]:
    """Ids of all works that speak for a name."""
    said = (each.artists for each in likenesses if each.artists is not None)
    return {work_id for likely in said for artist in likely.artists for work_id in artist.works}


@dataclass(frozen=True, slots=True)
class LikenessReport:
    artist_reference: ReferenceReport | None
    labels: tuple[LabelReport, ...]


def likeness_report(
    reference: ArtistReference | None,
    likeness: Likeness,
    works: Mapping[str, Work],
    people: People,
    figures: Figures,
) -> LikenessReport:
    """`reference`: as the record holds it. `likeness` adds the works that speak, and labels."""
    found = None if reference is None else _reference(reference, likeness, works, people, figures)
    return LikenessReport(found, _labels(likeness, figures))


def _reference(
    reference: ArtistReference, likeness: Likeness, works: Mapping[str, Work], people: People, figures: Figures
) -> ReferenceReport:
    named = () if likeness.artists is None else likeness.artists.artists
    works_of = {each.artist_id: each.works for each in named}
    return ReferenceReport(
        artists=tuple(
            LikelyArtist(
                artist_id=each.artist_id,
                name=people.get(each.artist_id, ""),
                probability=each.probability,
                works=_shown(works_of.get(each.artist_id, ()), works),
            )
            for each in reference.artists
        ),
        none=reference.none,
        model=reference.model,
        right_first=figures(reference.model).get("macro_top1"),
    )


def _labels(likeness: Likeness, figures: Figures) -> tuple[LabelReport, ...]:
    return tuple(
        LabelReport(
            kind=said.kind,
            labels=tuple(
                LikelyLabel(label=label, probability=decimal_text(share, _PLACES)) for label, share in said.labels
            ),
            none=decimal_text(said.none, _PLACES),
            model=said.model,
            right_first=figures(said.model).get("macro_top1"),
        )
        for said in likeness.labels
    )


def _shown(work_ids: Collection[str], works: Mapping[str, Work]) -> tuple[SpeakingWork, ...]:
    found = (works[work_id] for work_id in work_ids if work_id in works)
    return tuple(
        SpeakingWork(work_id=work.work_id, title=work.title, preview=f"/v1/works/{work.work_id}/preview")
        for work in found
        if may("style", work.allowed_uses, withdrawn=work.withdrawn)
    )
