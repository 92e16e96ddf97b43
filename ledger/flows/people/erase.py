"""Erases a person: nothing personal remains on the log or beside it, and the log still verifies.

Log entries hold random ids, digests and salted commitments. Once the keys of the commitments are erased, they say
nothing about a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger.answers.corpus import ErasureSummary
from ledger.corpus.work import Work
from ledger.errors import NotFoundError
from ledger.flows.progress import Progress, silent
from ledger.flows.records.log_keys import LogKeys
from ledger.flows.works.consent import Consents
from ledger.flows.works.duplicates_report import SHEET
from ledger.flows.works.opt_out import SHEET as OPT_OUT_SHEET
from ledger.flows.works.opt_out import OptingOut
from ledger.record.ids import parse_id
from ledger.storage.works.erasure import Erasure
from ledger.storage.works.works import WorkReader

PAGE = 200


@dataclass(frozen=True, slots=True)
class PersonErasure:
    """Run it again after an interruption. The caller has checked that the erasure is allowed."""

    works: WorkReader
    consents: Consents
    keys: LogKeys
    revoke: Callable[[str], object]
    """Revokes a key by its id."""
    opting_out: OptingOut
    erasure: Erasure
    forget: Callable[[str], object]
    """Retires the classifier of artists if it knows this artist."""
    sheets: Path
    """Folder of contact sheets, which show works with their names. `corpus dedup` makes them again."""

    def erase(self, artist_id: str, progress: Progress = silent, *, opt_out: bool = False) -> ErasureSummary:
        """Withdraws the artist's works, revokes the keys, and erases name, account, tokens and everything kept of
        works.

        `opt_out`: also puts the works on the opt-out list, by digests and hashes. Raises NotFoundError
        (`artist-not-found`), InputError (`bad-id`), PushbackError.
        """
        if self.works.artist(parse_id(artist_id)) is None:
            raise NotFoundError(f"there is no artist {artist_id}", code="artist-not-found")
        works = list(self._works(artist_id))
        entries = self.opting_out.store.of_works([work.work_id for work in works]) if opt_out else []
        withdrawn = self.consents.withdraw_many(works, "legal", progress)
        opted_out = self.opting_out.store.add(entries)
        alike = tuple(self.opting_out.store.named(entries))
        revoked = sorted(self.keys.good_keys("artist", artist_id))
        for keyid in revoked:
            self.revoke(keyid)
        progress("erasing", 0, None)
        self.erasure.of_person(artist_id)
        self.forget(artist_id)
        for name in (SHEET, OPT_OUT_SHEET):
            for sheet in self.sheets.glob(f"{name}-*.png"):
                sheet.unlink()
        return ErasureSummary(
            artist_id=artist_id,
            withdrawn=withdrawn,
            opted_out=opted_out,
            alike=alike,
            keys_revoked=tuple(revoked),
            left=self.erasure.from_disk(),
        )

    def _works(self, artist_id: str) -> Iterator[Work]:
        after = -1
        while page := self.works.works_of(artist_id, after=after, limit=PAGE):
            yield from page
            after = page[-1].registration_index
