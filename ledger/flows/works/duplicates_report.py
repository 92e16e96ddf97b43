"""Copies within the corpus, reported for people: names, evidence for each pair, contact sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ledger.answers.corpus import DedupSummary, GroupedWork, GroupReport, NotComparable, PairReport
from ledger.answers.notes import EMPTY_CORPUS
from ledger.corpus.work import Work
from ledger.errors import InputError
from ledger.flows.works.contact_sheet import Cell, Row, draw_sheets
from ledger.flows.works.duplicates import Groups
from ledger.image.canonical_image import Pixels
from ledger.storage.search.candidates import PgVectorIndex
from ledger.storage.works.duplicates import Pair
from ledger.storage.works.works import WorkReader

SHEET = "copies"
"""Contact sheets are `copies-1.png`, `copies-2.png`, ..."""


@dataclass(frozen=True, slots=True)
class DedupReport:
    works: WorkReader
    index: PgVectorIndex

    def make(self, found: Groups | None, folder: Path) -> DedupSummary:
        """Finds the names, and draws contact sheets into the folder. Raises InputError (`cannot-write`)."""
        if found is None:
            return DedupSummary(notes=(EMPTY_CORPUS,))
        inside = {work_id: group_id for group_id, works in found.groups.items() for work_id in works}
        named = self.works.works({*inside, *found.not_comparable, *_members(found.pairs)})
        apart = [pair for pair in found.pairs if inside.get(pair.first, 1) != inside.get(pair.second, 2)]
        groups = tuple(_group(group_id, works, found.pairs, inside, named) for group_id, works in found.groups.items())
        return DedupSummary(
            works=found.works,
            asked=found.asked,
            in_groups=len(inside),
            calibration=found.calibration,
            groups=groups,
            between_groups=tuple(_pair(pair) for pair in apart if not pair.shares_a_part),
            sharing=tuple(_pair(pair) for pair in apart if pair.shares_a_part),
            not_comparable=tuple(
                NotComparable(work=_name(named[work_id]), reason=reason)
                for work_id, reason in sorted(found.not_comparable.items())
            ),
            sheets=tuple(map(str, self._draw(groups, folder))),
        )

    def _draw(self, groups: Sequence[GroupReport], folder: Path) -> list[Path]:
        try:
            return draw_sheets([self._row(group) for group in groups], folder, SHEET)
        except OSError as error:
            raise InputError(
                f"the contact sheets cannot be written to {folder}: {error.strerror or error}",
                code="cannot-write",
                hint="Name another folder: --out DIR. The groups are stored; nothing is compared again.",
            ) from error

    def _row(self, group: GroupReport) -> Row:
        relations = sorted({str(pair.found["relation"]) for pair in group.pairs})
        heading = f"{len(group.works)} works, {', '.join(relations)}; group {group.group_id}"
        return Row(
            heading,
            tuple(
                Cell((work.title or "untitled", work.artist, work.work_id), partial(self._picture, work.work_id))
                for work in group.works
            ),
        )

    def _picture(self, work_id: str) -> Pixels | None:
        kept = self.index.pictures([work_id]).get(work_id)
        return None if kept is None else kept.preview


def _members(pairs: Sequence[Pair]) -> set[str]:
    return {work_id for pair in pairs for work_id in (pair.first, pair.second)}


def _group(
    group_id: str, works: Sequence[str], pairs: Sequence[Pair], inside: Mapping[str, str], named: Mapping[str, Work]
) -> GroupReport:
    own = [pair for pair in pairs if inside.get(pair.first) == inside.get(pair.second) == group_id]
    members = tuple(_name(named[work_id]) for work_id in works)
    return GroupReport(group_id=group_id, works=members, pairs=tuple(map(_pair, own)))


def _name(work: Work) -> GroupedWork:
    return GroupedWork(
        work_id=work.work_id, title=work.title, artist_id=work.artist_id, artist=work.artist, source=work.source
    )


def _pair(pair: Pair) -> PairReport:
    return PairReport(first=pair.first, second=pair.second, found=dict(pair.found))
