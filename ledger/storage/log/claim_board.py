"""Claims by where they stand, and how many stand where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger.claim.standing import ClaimsWanted, Standing
from ledger.log.entry import Entry
from ledger.storage.log.records import ENTRY, RecordStore

DISMISSED = 3
"""So many claims of one claimant that were contradicted are shown."""
MOST_DISMISSED = 20

_CONDITIONS: Mapping[Standing, str] = {
    "open": "c.resolution IS NULL AND e.appended_at > %(undecided)s",
    "stands": "c.resolution IS NULL AND e.appended_at <= %(undecided)s",
    "decided": "c.resolution IS NOT NULL",
    "contested": "c.contested",
    "overturned": "c.overturned",
}
_CLAIM = "FROM claim c JOIN entry e USING (leaf_index)"
_COUNTS = (
    "SELECT count(*) AS claims, count(*) FILTER (WHERE {open}) AS open, count(*) FILTER (WHERE {stands}) AS stands,"
    " count(*) FILTER (WHERE {decided}) AS decided, count(*) FILTER (WHERE {contested}) AS contested,"
    " count(*) FILTER (WHERE {overturned}) AS overturned,"
    " count(*) FILTER (WHERE c.answered_index IS NOT NULL) AS answered"
)
_OUTCOMES = "SELECT coalesce(resolution, verdict) AS outcome, count(*) FROM claim GROUP BY 1"
_DISMISSED = (
    "SELECT claimant_id::text, count(*) FROM claim WHERE coalesce(resolution, verdict) = 'contradicted' GROUP BY 1"
    " HAVING count(*) >= :least ORDER BY 2 DESC, 1 LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class ClaimCounts:
    claims: int
    open: int
    stands: int
    decided: int
    contested: int
    overturned: int
    answered: int
    outcomes: Mapping[str, int]
    """By the newest outcome."""
    dismissed: Mapping[str, int]
    """Contradicted claims by claimant, of those who have DISMISSED or more."""


@dataclass(frozen=True, slots=True)
class ClaimBoard:
    """Every method sees every entry committed before the call, and raises as Projector.catch_up does."""

    store: RecordStore

    def listed(self, wanted: ClaimsWanted, undecided: datetime, *, after: int, limit: int) -> list[Entry]:
        """Claims after the leaf index `after`, in the order of the log. `undecided`: of claims from before this time,
        the verdict stands."""
        conditions = ["c.leaf_index > %(after)s"]
        if wanted.claimant_id is not None:
            conditions.append("c.claimant_id = %(claimant)s")
        if wanted.about is not None:
            conditions.append(
                "c.leaf_index IN (SELECT claim_index FROM claim_party WHERE account_id = %(about)s"
                " AND part <> 'claimant')"
            )
        if wanted.work_id is not None:
            conditions.append("c.works @> ARRAY[%(work)s]")
        if wanted.sha256 is not None:
            conditions.append(
                "c.leaf_index IN (SELECT leaf_index FROM record WHERE subject_sha256 = %(sha256)s AND kind = 'claim')"
            )
        if wanted.standing is not None:
            conditions.append(_CONDITIONS[wanted.standing])
        query = f"{ENTRY} JOIN claim c USING (leaf_index) WHERE {' AND '.join(conditions)} ORDER BY 1 LIMIT %(limit)s"
        values = {
            "claimant": wanted.claimant_id and UUID(wanted.claimant_id),
            "about": wanted.about and UUID(wanted.about),
            "work": wanted.work_id and UUID(wanted.work_id),
            "sha256": bytes.fromhex(wanted.sha256 or ""),
            "undecided": undecided,
            "after": after,
            "limit": limit,
        }
        return self.store.read(query, values)

    def counts(self, undecided: datetime) -> ClaimCounts:
        """How many claims stand where. `undecided`: as in `listed`."""
        conditions = {name: text.replace("%(undecided)s", ":undecided") for name, text in _CONDITIONS.items()}
        with self.store.current() as connection:
            (counted,) = connection.execute(
                sa.text(f"{_COUNTS.format(**conditions)} {_CLAIM}"), {"undecided": undecided}
            ).mappings()
            outcomes = connection.execute(sa.text(_OUTCOMES))
            by_outcome: dict[str, Any] = {row[0] or "pending": row[1] for row in outcomes}
            dismissed = connection.execute(sa.text(_DISMISSED), {"least": DISMISSED, "most": MOST_DISMISSED})
            return ClaimCounts(**counted, outcomes=by_outcome, dismissed={row[0]: row[1] for row in dismissed})
