"""The report of a corpus: works per artist, subject and licence, and how evenly artists are met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ledger.answers.corpus_report import ArtistShare, ComparedShare, CorpusReport
from ledger.lab.evaluate.metrics import wilson
from ledger.storage.works.spread import ArtistSpread, SpreadReader

_DIGITS = 6
SAYS_NOTHING = 20
"""A ratio that may be as large as this is left out: too little was counted to compare."""


@dataclass(frozen=True, slots=True)
class Naming:
    """What classifiers of artists said, by artist id."""

    classifier: str | None = None
    """The one that serves now."""
    records: Mapping[str, int] = field(default_factory=dict)
    """In which the artist was named first."""
    for_others: Mapping[str, int] = field(default_factory=dict)
    """Works by none of its artists for which it named the artist first."""


UNNAMED = Naming()


def corpus_report(
    reader: SpreadReader, licences: Mapping[str, int], landed: Mapping[str, int], naming: Naming = UNNAMED
) -> CorpusReport:
    """`landed`: null pictures by artist id (landings.py)."""
    artists = reader.artists()
    works, matchable = sum(each.works for each in artists), sum(each.matchable for each in artists)
    copied = sum(each.copied_works for each in artists)
    return CorpusReport(
        works=works,
        artists=len(artists),
        matchable=matchable,
        licences=dict(licences),
        allowed_uses=reader.allowed_uses(),
        subjects=reader.subjects(),
        records=reader.records_by_verdict(),
        null_pictures=sum(landed.values()),
        gini_works=gini([each.works for each in artists]),
        gini_copies=gini([each.copies for each in artists]),
        artists_copied=_share(sum(each.copies > 0 for each in artists), len(artists)),
        works_copied=_share(copied, works),
        classifier=naming.classifier,
        per_artist=tuple(_artists(artists, matchable, landed, naming)),
    )


def gini(counts: Sequence[int]) -> float | None:
    """Gini coefficient (half the mean absolute difference of two, divided by the mean); None where all are 0."""
    values = np.sort(np.asarray(counts, np.float64))
    if not len(values) or not values.sum():
        return None
    ranks = np.arange(1, len(values) + 1)
    return round(float((2 * ranks - len(values) - 1) @ values / (len(values) * values.sum())), _DIGITS)


def _artists(
    artists: Sequence[ArtistSpread], matchable: int, landed: Mapping[str, int], naming: Naming
) -> Iterable[ArtistShare]:
    totals = {
        "copies": sum(each.copies for each in artists),
        "nearest": sum(each.nearest for each in artists),
        "unrelated": sum(landed.values()),
        "named": sum(naming.records.values()),
        "named_for_others": sum(naming.for_others.values()),
    }
    for each in artists:
        share = each.matchable / matchable if matchable else None
        counts = {
            "copies": each.copies,
            "nearest": each.nearest,
            "unrelated": landed.get(each.artist_id, 0),
            "named": naming.records.get(each.artist_id, 0),
            "named_for_others": naming.for_others.get(each.artist_id, 0),
        }
        yield ArtistShare(
            artist_id=each.artist_id,
            name=each.name,
            works=each.works,
            share=None if share is None else round(share, _DIGITS),
            copied_works=each.copied_works,
            **{name: compared(count, totals[name], share) for name, count in counts.items()},
        )


def compared(count: int, total: int, share: float | None) -> ComparedShare:
    """`total`: of all artists. A record that names works of several artists counts for each."""
    bounds = wilson(count, total)
    if not total or not share or bounds.high / share > SAYS_NOTHING:
        return ComparedShare(count=count, share=_share(count, total), ratio=None, interval=None)
    return ComparedShare(
        count=count,
        share=_share(count, total),
        ratio=round(count / total / share, _DIGITS),
        interval=(round(bounds.low / share, _DIGITS), round(bounds.high / share, _DIGITS)),
    )


def _share(count: int, total: int) -> float | None:
    return round(count / total, _DIGITS) if total else None
