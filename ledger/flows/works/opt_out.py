"""The opt-out list: pictures that are never matched and never used for training, whoever registered them.

Adding to the list withdraws registered works for good, also those of other people. So it takes two steps: `plan` says
which works would be withdrawn, a person checks them (`draw`), and `add` withdraws those works only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ledger.answers.corpus import OptOutPage, OptOutPlan, OptOutSummary, WorkToWithdraw
from ledger.errors import InputError
from ledger.fingerprint.complexity import comparable, complexity
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.hashes import correlation, view_hashes
from ledger.flows.pictures.verify import query_with_views
from ledger.flows.progress import Progress, silent
from ledger.flows.works.consent import Consents, Reason
from ledger.flows.works.contact_sheet import Cell, Row, draw_sheets
from ledger.image.canonical_image import CanonicalImage, Pixels
from ledger.image.pool import DecodePool
from ledger.match.candidate import Query, WorkPicture
from ledger.match.lists import Relation
from ledger.match.optout import OptOut
from ledger.match.recognition import StoredPicture, recognise
from ledger.storage.search.candidates import PgVectorIndex
from ledger.storage.works.opt_outs import Because, OptOutStore
from ledger.storage.works.works import WorkReader
from ledger.text import clean_text

MAX_PAGE = 1000
SHEET = "opt-out"
"""Contact sheets are `opt-out-1.png`, `opt-out-2.png`, ..."""
SAME_PICTURE = 0.75
"""Two pictures with near hashes count as the same from this correlation on (`ledger.fingerprint.hashes`)."""
CANDIDATES = 50
"""How many candidates each list of the corpus returns, before pictures are aligned."""
_SECOND = "/second"
"""Ends the key of a work's second view."""
_ENTRY = re.compile("(?:sha256:)?([0-9a-f]{64})|look:([0-9a-f]{128})")


@dataclass(frozen=True, slots=True)
class OptingOut:
    """Ingest and registration check every work against the list, `artledger train` every picture."""

    images: DecodePool
    store: OptOutStore
    works: WorkReader
    consents: Consents
    index: PgVectorIndex
    shown_in: Callable[[CanonicalImage], Sequence[str]]
    """`works_shown_in` with its arguments, built when a picture is given."""

    def of_picture(self, data: bytes) -> tuple[OptOut, ...]:
        """The entries for one picture: its bytes, its pixels and, if it has enough detail, both hashes of it and of
        its second view, turned and mirrored. Raises InputError."""
        image = self.images.decode(data, second=True)
        return (*_digests_of(image), *_entries_by_hashes(image))

    def plan(self, entries: Iterable[OptOut], pictures: Iterable[bytes] = ()) -> OptOutPlan:
        """What would happen if these entries, and those of these pictures, were added.

        A picture names works by digest, by geometry, and by both hashes if the pixels agree too. The digests of those
        works become entries as well. Raises InputError, PushbackError.
        """
        wanted = dict.fromkeys(entries)
        shown: dict[str, Because] = {}
        mistaken: set[str] = set()
        for data in pictures:
            image = self.images.decode(data, second=True)
            looks = _entries_by_hashes(image)
            verified: dict[str, Because] = dict.fromkeys(self.shown_in(image), "geometry")
            near = self.store.named(looks)
            apart = {work_id for work_id in near.keys() - verified if not self._same(image, work_id)}
            wanted |= dict.fromkeys((*_digests_of(image), *(() if apart else looks)))
            shown |= {work_id: why for work_id, why in near.items() if work_id not in apart} | verified
            mistaken |= apart
        named = shown | dict(self.store.named(tuple(wanted)))
        wanted |= dict.fromkeys(each for each in self.store.of_works(tuple(shown)) if each.kind == "sha256")
        works = tuple(
            WorkToWithdraw(
                work_id=work_id,
                title=work.title,
                artist_id=work.artist_id,
                artist=work.artist,
                because=named[work_id],
            )
            for work_id, work in self.works.works(named).items()
        )
        stand = tuple(sorted(mistaken - named.keys()))
        return OptOutPlan(entries=tuple(wanted), mistaken=stand, would_withdraw=works)

    def _same(self, image: CanonicalImage, work_id: str) -> bool:
        """Whether a work with near hashes has the same pixels as the picture, in any view of the two."""
        kept = self.index.pictures([work_id]).get(work_id)
        works = [] if kept is None else [kept.preview, *([kept.second.preview] if kept.second else [])]
        views = [image.working, *([] if image.second is None else [image.second])]
        return any(correlation(view, preview) >= SAME_PICTURE for view in views for preview in works)

    def add(self, plan: OptOutPlan, reason: Reason = "operator", progress: Progress = silent) -> OptOutSummary:
        """Puts the entries on the list, and withdraws the plan's works on the log.

        The caller has checked that this is allowed, and shown the works. Raises PushbackError.
        """
        added = self.store.add(plan.entries)
        planned = [work.work_id for work in plan.would_withdraw]
        late = self.store.named(plan.entries).keys() - {*planned, *plan.mistaken}
        self.consents.withdraw_many(list(self.works.works(planned).values()), reason, progress)
        return OptOutSummary(
            entries=plan.entries,
            added=added,
            withdrawn=tuple(planned),
            mistaken=plan.mistaken,
            also_named=tuple(sorted(late)),
        )

    def remove(self, entries: Iterable[OptOut]) -> int:
        """Takes entries off the list; returns how many were on it. Withdrawn works may then be registered again."""
        return self.store.remove(entries)

    def page(self, *, after: str | None = None, limit: int = 50) -> OptOutPage:
        """Raises InputError (`bad-limit`, `bad-opt-out`)."""
        if not 1 <= limit <= MAX_PAGE:
            raise InputError(f"limit is {limit}; it must be 1 to {MAX_PAGE}", code="bad-limit")
        found = self.store.page(after=None if after is None else parse_opt_out(after), limit=limit + 1)
        page = found[:limit]
        following = f"{page[-1].kind}:{page[-1].value}" if len(found) > limit else None
        return OptOutPage(entries=tuple(page), next_after=following)


def _digests_of(image: CanonicalImage) -> tuple[OptOut, ...]:
    return OptOut("sha256", image.sha256), OptOut("sha256", image.pixel_sha256)


def _entries_by_hashes(image: CanonicalImage) -> tuple[OptOut, ...]:
    """Entries for each view of the picture; none where it has too little detail."""
    if comparable(image, complexity(image.working)) is not None:
        return ()
    views = [image.working] if image.second is None else [image.working, image.second]
    looks = dict.fromkeys(OptOut.of_hashes(turned) for view in views for turned in view_hashes(view))
    return tuple(look for look in looks if look is not None)


def works_shown_in(image: CanonicalImage, fingerprinter: Fingerprinter, index: PgVectorIndex) -> list[str]:
    """Ids of works that the whole picture is a copy of, verified by aligning the two. A work that is only a part of the
    picture, as in a collage, is somebody else's and is not included."""
    query = query_with_views(image, fingerprinter)
    asked = [query, *query.others]
    return [*dict.fromkeys(work_id for each in asked for work_id in _shown_in(each, index))]


def _shown_in(query: Query, index: PgVectorIndex) -> list[str]:
    candidates = index.search(query, limit=CANDIDATES)
    kept = [StoredPicture(each.work_id, each.fingerprint) for each in candidates]
    kept += [StoredPicture(each.work_id + _SECOND, each.second) for each in candidates if each.second is not None]

    def pictures(keys: Sequence[str]) -> Mapping[str, WorkPicture]:
        works = index.pictures([*dict.fromkeys(key.removesuffix(_SECOND) for key in keys)])
        both = {**works, **{key + _SECOND: each.second for key, each in works.items() if each.second is not None}}
        return {key: both[key] for key in keys if key in both}

    found = recognise(query, kept, pictures)
    shown = [each.key for each in found if each.evidence is not None and each.relation is Relation.NEAR_DUPLICATE]
    return [*dict.fromkeys(key.removesuffix(_SECOND) for key in shown)]


def draw(plan: OptOutPlan, index: PgVectorIndex, folder: Path) -> list[Path]:
    """Contact sheets of the works that would be withdrawn. Raises InputError (`cannot-write`)."""
    cells = tuple(
        Cell((work.title or "untitled", work.artist, work.work_id), partial(_preview, index, work.work_id))
        for work in plan.would_withdraw
    )
    try:
        return draw_sheets([Row(f"{len(cells)} works would be withdrawn", cells)], folder, SHEET)
    except OSError as error:
        raise InputError(
            f"the contact sheet cannot be written to {folder}: {error.strerror or error}", code="cannot-write"
        ) from error


def _preview(index: PgVectorIndex, work_id: str) -> Pixels | None:
    kept = index.pictures([work_id]).get(work_id)
    return None if kept is None else kept.preview


def parse_opt_out(text: str) -> OptOut:
    """`sha256:HEX`, `look:HEX`, or a bare SHA-256. Raises InputError (`bad-opt-out`)."""
    word = text.strip().lower()
    match = _ENTRY.fullmatch(word)
    if match is None:
        raise InputError(
            f"{clean_text(text, 80)!r} is not an entry for the opt-out list",
            code="bad-opt-out",
            hint="A pHash alone would name other pictures too. Give the picture's file, or look: and 128"
            " hexadecimal digits, its pHash and then its PDQ"
            if word.startswith("phash:")
            else "a picture's file, sha256: and 64 hexadecimal digits, or look: and 128 (pHash, then PDQ)",
        )
    return OptOut("sha256", match[1]) if match[1] else OptOut("look", match[2])
