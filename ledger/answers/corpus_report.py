"""How works and matches are spread over artists, as the report of a corpus says it."""

from __future__ import annotations

from ledger.answers.answer import Answer


class ComparedShare(Answer):
    """How often an artist is met, compared with their share of the works that may be matched."""

    count: int
    share: float | None
    """Of all that is counted; null where nothing is."""
    ratio: float | None
    """The share divided by the artist's share of the works: 1 is what the number of works alone would give. Null where
    so little was counted that it may be 20 or more."""
    interval: tuple[float, float] | None
    """Of the ratio, 95% (Wilson), as if every picture were asked about independently of the others."""


class ArtistShare(Answer):
    artist_id: str
    name: str
    """Empty where it was erased."""
    works: int
    share: float | None
    """Of the works that may be matched."""
    copied_works: int
    """Works that were found as a copy at least once."""
    copies: ComparedShare
    """Records with the verdict `copy` in which a work of the artist is a verified copy."""
    nearest: ComparedShare
    """Records with the verdict `none` in which a work of the artist comes first, by rank alone."""
    unrelated: ComparedShare
    """Unrelated pictures of the null set to which a work of the artist is the nearest."""
    named: ComparedShare
    """Records in which the classifier of artists named the artist first."""
    named_for_others: ComparedShare
    """Works by none of its artists for which it named the artist first, when it was trained."""


class CorpusReport(Answer):
    works: int
    """Registered works that are not withdrawn."""
    artists: int
    matchable: int
    """Works whose terms allow comparison."""
    licences: dict[str, int]
    allowed_uses: dict[str, int]
    """Works by each use that their terms allow."""
    subjects: dict[str, int]
    """Works by the subject that their source states."""
    records: dict[str, int]
    """Records about pictures, by verdict."""
    null_pictures: int
    """Unrelated pictures that were compared; those that the corpus contains are left out."""
    gini_works: float | None
    """Gini coefficient of works over artists: 0 if all have equally many, near 1 if one has nearly all."""
    gini_copies: float | None
    """The same of records with copies; null where there is none."""
    artists_copied: float | None
    """Share of the artists of whom a copy was found."""
    classifier: str | None
    """SHA-256 of the classifier of artists that serves; null where none does. Earlier ones named artists, too."""
    works_copied: float | None
    """Share of the works of which a copy was found."""
    per_artist: tuple[ArtistShare, ...]
    """Those with most works first, then those whose copies were found most often."""
