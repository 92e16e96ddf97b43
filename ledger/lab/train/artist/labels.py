"""Turns artists' names, or labels such as genres, into classes: which works teach which class, and which works stand
for nothing in particular. What is said here of artists holds of such labels, whose "subjects" are the artists.

Labels follow subjects in most collections, so everything here keeps the subject and the group of near duplicates of
each work: who divides works does so by them (splits.py).
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.corpus.unknown_artists import is_nobody
from ledger.errors import ConflictError, InputError

NONE = "none"
"""Name of the class of works by artists who have too few to be a class."""
LEAST_WORKS = 6
"""Works that an artist needs: fewer cannot be divided into fitting and choosing."""
LEAST_SUBJECTS = 2
"""Subjects that an artist needs: of one subject alone, the class would be the subject."""
MOST_WORKS = 60
"""Works of one artist that are used: some drew hundreds, and would outweigh all others."""
MOST_OF_GROUP = 3
"""Works of one group of near duplicates that are used: the tenth variant teaches nothing that three do not."""
_DIVIDED_BY = {"artist": "subjects"}
"""What works are divided by, by noun; labels are divided by artists."""
MOST_BY_OTHERS = 3
"""Works in the class of none by one artist: it must show many hands."""


@dataclass(frozen=True, slots=True)
class LabelledWork:
    """A work as its source labels it."""

    key: str
    artist: str
    subject: str
    """What it shows, as far as the source says: a folder, a series. The work's own key if nothing is said."""
    group: str
    """The same for near duplicates, and for them alone (groups.py)."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The works of a training, by their index in the sequence that was given."""

    classes: tuple[str, ...]
    """Names of the artists, sorted."""
    rows: tuple[int, ...]
    """Works that are used, ascending."""
    labels: tuple[int, ...]
    """Index in `classes` for each of `rows`; `len(classes)` for the class of none."""
    left_out: Mapping[str, int]
    """Number of works that are not used, by reason."""

    @property
    def none(self) -> int:
        """The label of the class of none."""
        return len(self.classes)


def subject_of(labels: Mapping[str, str]) -> str:
    """What a source says that a work shows: its subject, else its genre; empty where it says neither."""
    return next((label for name in ("subject", "genre") if says_something(label := labels.get(name, ""))), "")


def says_something(label: str) -> bool:
    """Not of an empty one, nor of `Unknown Genre` and the like."""
    return bool(label.strip()) and not _plain(label).startswith("unknown") and not is_nobody(label)


def joined_names(names: Iterable[str]) -> dict[str, str]:
    """Each name, with the most frequent spelling of the same name.

    Case, accents, punctuation, spaces and `Last, First` do not make another name. Only for sources in which a name is
    all that is known: two people with accounts may bear one name.
    """
    counts = Counter(names)
    spellings: dict[str, list[str]] = defaultdict(list)
    for name in counts:
        spellings[_plain(name)].append(name)
    best = {plain: min(each, key=lambda name: (-counts[name], name)) for plain, each in spellings.items()}
    return {name: best[_plain(name)] for name in counts}


def _plain(name: str) -> str:
    first, comma, last = name.partition(",")
    if comma and "," not in last and last.strip():
        name = f"{last} {first}"
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    words = re.findall(r"\w+", "".join(char for char in decomposed if not unicodedata.combining(char)))
    return " ".join(words).replace("_", " ").strip() or name.casefold()


def encode_labels(works: Sequence[LabelledWork], *, seed: int, most: int = MOST_WORKS, noun: str = "artist") -> Labels:
    """The classes and their works; at least two artists. `noun`: what the classes are, for messages.

    Left out are works of unknown artists (they may be by anybody), near duplicates that two artists claim, and works
    beyond MOST_OF_GROUP of near duplicates, `most` by one artist, MOST_BY_OTHERS by one in the class of none.

    Raises InputError (`too-few-artists`).
    """
    reasons: Counter[str] = Counter()
    usable = _usable(works, reasons, noun)
    by_artist: dict[str, list[int]] = defaultdict(list)
    for row in usable:
        by_artist[works[row].artist].append(row)
    classes = sorted(name for name, rows in by_artist.items() if _is_class(works, rows))
    if len(classes) < 2:
        raise too_few_artists(len(classes), noun)
    index = {name: place for place, name in enumerate(classes)}
    chosen: dict[int, int] = {}
    for name, rows in sorted(by_artist.items()):
        limit = most if name in index else MOST_BY_OTHERS
        taken = spread(works, rows, limit, seed)
        reasons[f"more than are used of one {noun}"] += len(rows) - len(taken)
        chosen.update(dict.fromkeys(taken, index.get(name, len(classes))))
    order = sorted(chosen)
    return Labels(tuple(classes), tuple(order), tuple(chosen[row] for row in order), dict(+reasons))


def too_few_artists(count: int, noun: str = "artist") -> InputError:
    found = f"no {noun} has" if not count else f"only one {noun} has"
    return InputError(
        f"{found} {LEAST_WORKS} different works of {LEAST_SUBJECTS} {_DIVIDED_BY.get(noun, 'artists')}: a classifier"
        f" needs at least two {noun}s",
        code="too-few-artists",
        hint=f"Add works of other {noun}s, or more works of these.",
    )


def require_consistent(pictures: Iterable[tuple[str, str]]) -> None:
    """`pictures`: digest of the pixels and artist of each work.

    Raises ConflictError (`contradictory-labels`) if one picture has two artists.
    """
    artists: dict[str, str] = {}
    for digest, artist in pictures:
        if artists.setdefault(digest, artist) != artist:
            raise ConflictError(
                f"one picture has two artists: {artists[digest]!r} and {artist!r} (pixels {digest[:16]})",
                code="contradictory-labels",
                hint="Leave the picture out, or correct its label.",
            )


def spread(works: Sequence[LabelledWork], rows: Sequence[int], limit: int, seed: int) -> list[int]:
    """At most `limit` of the rows, from as many subjects as possible: a round takes one of each."""
    if len(rows) <= limit:
        return list(rows)
    rng = random.Random(f"{seed}/{works[rows[0]].artist}")  # noqa: S311 - a sample, not a secret
    subjects: dict[str, list[int]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: works[row].key):
        subjects[works[row].subject].append(row)
    for each in subjects.values():
        rng.shuffle(each)
    turns = [(turn, subject, row) for subject, each in sorted(subjects.items()) for turn, row in enumerate(each)]
    rounds: dict[int, list[int]] = defaultdict(list)
    for turn, _, row in turns:
        rounds[turn].append(row)
    taken: list[int] = []
    for turn in sorted(rounds):
        rng.shuffle(rounds[turn])
        taken += rounds[turn]
    return sorted(taken[:limit])


def _usable(works: Sequence[LabelledWork], reasons: Counter[str], noun: str) -> list[int]:
    artists_of: dict[str, set[str]] = defaultdict(set)
    for work in works:
        artists_of[work.group].add(work.artist)
    usable: list[int] = []
    taken: Counter[str] = Counter()
    for row in sorted(range(len(works)), key=lambda row: works[row].key):
        work = works[row]
        if is_nobody(work.artist):
            reasons[f"{noun} unknown"] += 1
        elif len(artists_of[work.group]) > 1:
            reasons[f"nearly the same as one of another {noun}"] += 1
        elif taken[work.group] == MOST_OF_GROUP:
            reasons[f"nearly the same as others of the {noun}"] += 1
        else:
            taken[work.group] += 1
            usable.append(row)
    return usable


def _is_class(works: Sequence[LabelledWork], rows: Sequence[int]) -> bool:
    return len(rows) >= LEAST_WORKS and len({works[row].subject for row in rows}) >= LEAST_SUBJECTS
