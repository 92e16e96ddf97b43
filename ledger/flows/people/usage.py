"""Signed statements of how many records name an artist's works. They are counts, not debts, and anybody can count again
from the log."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.answers.uses import UsageAnswer
from ledger.errors import InputError, NotFoundError
from ledger.flows.people.uses import Uses
from ledger.flows.records.records import Records
from ledger.log.append import Sequencer
from ledger.record.ids import new_id
from ledger.record.predicates import Period, Usage
from ledger.record.statement import statement_payload
from ledger.record.times import format_time, now_text, parse_time
from ledger.record.usage import UsageTally, UseFilter
from ledger.storage.log.documents import DocumentStore

MAX_WAIT = 60.0
"""Seconds to wait for a statement's record to be committed."""
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class UsageStatements:
    """Makes and keeps the statements."""

    uses: Uses
    records: Records
    documents: DocumentStore
    sequencer: Callable[[], Sequencer]
    """Called only when a statement is made. Reading does not need it."""
    origin: str

    def make(self, artist_id: str, start: datetime, end: datetime) -> UsageAnswer:
        """Counts the records made from `start` to before `end`, and puts the statement on the log. If no record that
        counts was added since, returns the existing statement for the same period.

        Raises InputError (`bad-id`, `bad-period`, `period-open`), NotFoundError (`artist-not-found`), PushbackError
        when nothing can be appended now.
        """
        period = _period(start, end)
        self.uses.require_artist(artist_id)
        size = self.records.entries.head().size
        tally, last = UsageTally(artist_id, period), -1
        for entry, compared in self.uses.records(artist_id, UseFilter(since=start, until=end)):
            if entry.leaf_index < size and tally.add(compared):
                last = entry.leaf_index
        statement = tally.statement(self.origin, size)
        predicate = Usage(
            artist_id=artist_id,
            counts=statement.record_counts(),
            generated_at=now_text(),
            leaf_range=statement.leaf_range,
            origin=self.origin,
            period=period,
            record_id=new_id(),
        )
        question = f"artledger/usage/v1\n{artist_id}\n{period.start}\n{period.end}\n{last}\n"
        ticket = self.sequencer().submit(
            predicate.record_id,
            statement_payload("usage", statement.sha256, predicate),
            hashlib.sha256(question.encode()).digest(),
            self.documents.writer("usage", statement.sha256, statement.to_bytes()),
        )
        appended = ticket.result(MAX_WAIT)
        sha256 = appended.entry.statement.subject_sha256
        return UsageAnswer(
            statement=json.loads(self.document(sha256)),
            sha256=sha256,
            record=self.records.answer(appended.entry, repeated=appended.repeated),
            links={"statement": f"/v1/usages/{sha256}"},
        )

    def document(self, sha256: str) -> bytes:
        """A statement's file. Raises NotFoundError (`usage-not-found`), also where the stored file has another
        digest."""
        found = self.documents.get("usage", sha256)
        if found is None or hashlib.sha256(found).hexdigest() != sha256:
            raise NotFoundError(f"there is no statement of use {sha256}", code="usage-not-found")
        return found


def moment(text: str) -> datetime:
    """Parses a time as records write it, or a date, which means its first moment in UTC. Raises InputError
    (`bad-time`)."""
    return parse_time(f"{text}T00:00:00.000Z" if _DATE.fullmatch(text) else text)


def _period(start: datetime, end: datetime) -> Period:
    if not start < end:
        raise InputError("the period ends before it starts", code="bad-period")
    if end > datetime.now(UTC):
        raise InputError(
            f"the period is not over before {format_time(end)}",
            code="period-open",
            hint="Only a past period can be counted again by others. Name an end that has passed.",
        )
    return Period(end=format_time(end), start=format_time(start))
