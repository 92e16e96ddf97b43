"""Where claims stand, kept up to date entry by entry: claims are few, and each record about one builds on those before.

It also tells the parties of a claim what happened (`notice`). What is told follows from the log alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.claim.words import CONTESTED
from ledger.log.entry import Entry
from ledger.record.predicates import Claim, ClaimVerdictRecord, Resolution, Response
from ledger.record.statement import Statement
from ledger.record.told import NoticeReason
from ledger.storage.log.notices import notify

_FILED = (
    "INSERT INTO claim (leaf_index, record_id, payload_sha256, claimant_id, works, contested, overturned)"
    " VALUES (:leaf, :record, :payload, :claimant, :works, false, false)"
)
_CLAIMANT = "INSERT INTO claim_party VALUES (:claimant, :leaf, 'claimant')"
_NAMED = (
    "INSERT INTO claim_party SELECT DISTINCT artist_id, CAST(:leaf AS bigint), 'named' FROM work"
    " WHERE (work_id = ANY(:works) OR sha256 = :image) AND artist_id <> :claimant AND registration_index < :leaf"
)
_VERDICT = (
    "UPDATE claim SET verdict = :outcome, contested = :contested FROM"
    " (SELECT leaf_index, verdict FROM claim WHERE payload_sha256 = :payload) AS before"
    " WHERE claim.leaf_index = before.leaf_index RETURNING claim.leaf_index, before.verdict"
)
_ANSWERED = (
    "UPDATE claim SET answered_index = CASE WHEN claimant_id = :actor THEN answered_index"
    " ELSE coalesce(answered_index, :leaf) END WHERE payload_sha256 = :payload RETURNING leaf_index"
)
_RESOLVED = (
    "UPDATE claim SET resolution = :outcome,"
    " overturned = overturned OR coalesce(resolution, verdict, :outcome) <> :outcome"
    " WHERE payload_sha256 = :payload RETURNING leaf_index"
)
_JOINED = "INSERT INTO claim_party VALUES (:actor, :claim, 'answered') ON CONFLICT DO NOTHING"
_PARTIES = (
    "SELECT account_id, CAST(:leaf AS bigint) FROM claim_party WHERE claim_index = :claim"
    " AND account_id IS DISTINCT FROM CAST(:actor AS uuid)"
)


@dataclass(frozen=True, slots=True)
class ClaimProjection:
    """Applies records about claims in the order of the log. `owed`: see `notify`."""

    connection: Connection
    owed: int

    def apply(self, entries: Iterable[Entry]) -> None:
        """Entries of other kinds change nothing."""
        for entry in entries:
            statement = entry.statement
            match statement.predicate:
                case Claim() as claim:
                    self._file(entry, statement, claim)
                case ClaimVerdictRecord() as verdict:
                    self._judge(entry, statement, verdict)
                case Response() as response:
                    self._answer(entry, statement, response)
                case Resolution() as resolution:
                    self._resolve(entry, statement, resolution)
                case _:
                    pass

    def _file(self, entry: Entry, statement: Statement, claim: Claim) -> None:
        values = {
            "leaf": entry.leaf_index,
            "record": UUID(entry.record_id),
            "payload": hashlib.sha256(entry.payload).digest(),
            "claimant": UUID(claim.claimant_id),
            "works": [UUID(work_id) for work_id in claim.works],
            "image": bytes.fromhex(statement.subject_sha256),
        }
        for query in (_FILED, _CLAIMANT, _NAMED):
            self.connection.execute(sa.text(query), values)
        self._tell("claim", entry, entry.leaf_index, claim.claimant_id)

    def _judge(self, entry: Entry, statement: Statement, verdict: ClaimVerdictRecord) -> None:
        values = {
            "payload": bytes.fromhex(statement.subject_sha256),
            "outcome": verdict.verdict,
            "contested": any(each.finding in CONTESTED for each in verdict.evidence),
        }
        found = self.connection.execute(sa.text(_VERDICT), values).one_or_none()
        if found is not None and found.verdict not in (None, verdict.verdict):
            self._tell("verdict", entry, found.leaf_index)

    def _answer(self, entry: Entry, statement: Statement, response: Response) -> None:
        values = {
            "leaf": entry.leaf_index,
            "payload": bytes.fromhex(statement.subject_sha256),
            "actor": UUID(response.party_id),
        }
        claim = self.connection.execute(sa.text(_ANSWERED), values).scalar()
        if claim is not None:
            self.connection.execute(sa.text(_JOINED), {"actor": values["actor"], "claim": claim})
            self._tell("response", entry, claim, response.party_id)

    def _resolve(self, entry: Entry, statement: Statement, resolution: Resolution) -> None:
        values = {"payload": bytes.fromhex(statement.subject_sha256), "outcome": resolution.outcome}
        claim = self.connection.execute(sa.text(_RESOLVED), values).scalar()
        if claim is not None:
            self._tell("resolution", entry, claim, resolution.auditor_id)

    def _tell(self, reason: NoticeReason, entry: Entry, claim: int, actor: str | None = None) -> None:
        """Tells all parties but whoever did it."""
        values = {"leaf": entry.leaf_index, "claim": claim, "actor": None if actor is None else UUID(actor)}
        notify(self.connection, reason, _PARTIES, values, self.owed)
