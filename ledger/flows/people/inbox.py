"""What accounts are told of: uses of works, claims, contests, responses, and what was recorded in their name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.answers.notices import REASON_WORDS, NoticeAnswer, NoticePage
from ledger.answers.records import RecordAnswer
from ledger.errors import InputError
from ledger.flows.records.records import MAX_PAGE, Records
from ledger.log.entry import Entry
from ledger.record.ids import parse_id
from ledger.record.told import NoticeReason
from ledger.storage.people.accounts import AccountStore

_ABOUT_CLAIMS = frozenset({"response", "verdict", "resolution"})


@dataclass(frozen=True, slots=True)
class Inbox:
    """Notices follow from the log, so they are as public as it is. What somebody has read is not."""

    records: Records
    accounts: AccountStore

    def page(self, account_id: str, *, after: int = -1, limit: int = 50) -> NoticePage:
        """Notices in the order of the log, after entry `after`. Raises InputError (`bad-id`, `bad-limit`)."""
        if not 1 <= limit <= MAX_PAGE:
            raise InputError(f"limit is {limit}; it must be 1 to {MAX_PAGE}", code="bad-limit")
        found = self.records.store.noticed(parse_id(account_id), after=after, limit=limit + 1)
        page = found[:limit]
        return NoticePage(
            notices=self.answers(page),
            next_after=page[-1][0].leaf_index if len(found) > limit else None,
            unread=self.unread(account_id),
        )

    def newest(self, account_id: str, limit: int, before: int | None = None) -> tuple[NoticeAnswer, ...]:
        """The newest notices before entry `before`, newest first. Raises InputError (`bad-id`)."""
        found = self.records.store.noticed(parse_id(account_id), before=before, newest=True, limit=limit)
        return self.answers(found)

    def uses_by_month(self, artist_id: str, months: int) -> tuple[tuple[str, int], ...]:
        """How many copies of an artist's works were recorded in each of the last months that had any, oldest first."""
        return tuple(self.records.store.uses_by_month(artist_id, months))

    def at(self, account_id: str, leaf_index: int) -> NoticeAnswer | None:
        """The notice of one entry; None where the account is not told of it."""
        found = self.records.store.noticed(account_id, after=leaf_index - 1, before=leaf_index + 1, limit=1)
        return next(iter(self.answers(found)), None)

    def unread(self, account_id: str) -> int:
        """How many notices the account's holder has not read."""
        return self.records.store.unread(account_id)

    def read(self, account_id: str, through: int) -> None:
        """Marks the notices of entries up to `through` as read. What was read stays read."""
        self.accounts.note_read(account_id, through)

    def answers(self, found: Iterable[tuple[Entry, NoticeReason]]) -> tuple[NoticeAnswer, ...]:
        """Notices with the records' sentences."""
        found = tuple(found)
        records = self.records.answers(entry for entry, _ in found)
        return tuple(_notice(record, reason) for record, (_, reason) in zip(records, found, strict=True))


def _notice(record: RecordAnswer, reason: NoticeReason) -> NoticeAnswer:
    return NoticeAnswer(
        reason=reason,
        says=REASON_WORDS[reason],
        record_id=record.record_id,
        kind=record.kind,
        leaf_index=record.leaf_index,
        appended_at=record.appended_at,
        reference=record.reference,
        links={"page": _page(record, reason), "record": record.links["self"]},
    )


def _page(record: RecordAnswer, reason: NoticeReason) -> str:
    """Where people read more: a claim's page, the work that was registered too, else the record's."""
    predicate = record.statement["predicate"]
    if record.kind == "claim":
        return f"/claims/{record.record_id}"
    if record.kind in _ABOUT_CLAIMS:
        return f"/claims/{predicate['refs'][0]['record_id']}"
    return f"/works/{predicate['work_id']}" if reason == "contest" else record.links["page"]
