"""Chooses the OpenClipart works that the demo registers, and unregistered ones to ask about later."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ledger.corpus.work import UNKNOWN_ARTIST, SourceItem
from ledger.errors import InputError
from ledger.text import clean_text

HELD_BACK_SUBJECTS = (
    "animals/bugs",
    "animals/dinosaurs",
    "animals/fish",
    "buildings/furniture",
    "food/vegetables",
    "plants/trees",
    "recreation/toys",
    "transportation/boating",
)
"""Subjects of which the demo registers nothing. They contain pictures, not icons or flags, which often look alike."""

MIN_WORKS_OF_ARTIST = 3

_ENDING = re.compile(r"([_ -]*(\d+[a-z]?|r|v\.?\d*))+$")


@dataclass(frozen=True, slots=True)
class DemoSelection:
    """`inside`: works that the demo registers. `outside`: other works, without variants inside."""

    inside: tuple[SourceItem, ...]
    outside: tuple[SourceItem, ...]


def demo_selection(items: Iterable[SourceItem], works: int = 2000, min_artists: int = 30) -> DemoSelection:
    """A selection that depends only on the items.

    Aliases, further files of the same name by the same creator, and works without a named creator are left out. Inside:
    of all subjects except HELD_BACK_SUBJECTS, one work of every creator in turn until there are `works`. Only creators
    with MIN_WORKS_OF_ARTIST works take part. Each creator's works are ordered by the SHA-256 of their keys, so that no
    series fills the corpus. Outside: works of HELD_BACK_SUBJECTS by creators without a work inside, whose title and
    file stem (without running number) differ from all works inside. Both are ordered by key. Raises InputError
    (`too-few-works`) if there are not enough works or artists.
    """
    usable = _distinct(item for item in items if "alias_of" not in item.labels and item.artist != UNKNOWN_ARTIST)
    held_back = [item for item in usable if _is_held_back(item)]
    inside = _in_turn([item for item in usable if not _is_held_back(item)], works)
    artists = Counter(item.artist for item in inside)
    if len(inside) < works or len(artists) < min_artists:
        raise InputError(
            f"{works} works by at least {min_artists} artists were asked for; {len(inside)} by {len(artists)} exist",
            code="too-few-works",
            hint="Ask for fewer works, or for all of them: artledger demo --all",
        )
    drawings = {name for item in inside for name in _drawing_names(item)}
    outside = [item for item in held_back if item.artist not in artists and not drawings & _drawing_names(item)]
    return DemoSelection(tuple(inside), tuple(sorted(outside, key=lambda item: item.key)))


def _distinct(items: Iterable[SourceItem]) -> list[SourceItem]:
    """The first of each creator's files of one name: the package has many drawings under several subjects."""
    first: dict[tuple[str, str], SourceItem] = {}
    for item in items:
        first.setdefault((item.artist, item.key.rpartition("/")[2]), item)
    return list(first.values())


def _is_held_back(item: SourceItem) -> bool:
    return any(f"{item.labels.get('subject', '')}/".startswith(f"{subject}/") for subject in HELD_BACK_SUBJECTS)


def _in_turn(items: list[SourceItem], works: int) -> list[SourceItem]:
    by_artist: dict[str, list[SourceItem]] = defaultdict(list)
    for item in sorted(items, key=lambda item: hashlib.sha256(item.key.encode()).digest()):
        by_artist[item.artist].append(item)
    several = {artist: theirs for artist, theirs in by_artist.items() if len(theirs) >= MIN_WORKS_OF_ARTIST}
    turns = [(turn, artist, item) for artist, theirs in several.items() for turn, item in enumerate(theirs)]
    chosen = sorted(turns, key=lambda entry: entry[:2])[:works]
    return sorted((item for _, _, item in chosen), key=lambda item: item.key)


def _drawing_names(item: SourceItem) -> set[str]:
    """The file's stem and the title without running number, which variants of one drawing share."""
    stem = item.key.rpartition("/")[2]
    return {_ENDING.sub("", clean_text(text).casefold()).replace("_", " ") for text in (stem, item.title)} - {""}
