"""What accounts are told of: a projection of the log, from which inboxes, feeds and webhooks are served.

One entry is told to one account for one reason. Webhooks get each notice once, also where the projection is rebuilt.
That a registration is an edited copy of an earlier work is found by comparing; such notices are in `found_copy`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.match.lists import COPY_RELATIONS
from ledger.record.told import NoticeReason

_NOTIFY = (
    "WITH told AS (INSERT INTO notice (account_id, leaf_index, reason)"
    " SELECT found.account_id, found.leaf_index, :reason FROM ({recipients}) AS found (account_id, leaf_index)"
    " ON CONFLICT DO NOTHING RETURNING account_id, leaf_index) {sent}"
)
_SENT = (
    "INSERT INTO webhook_delivery (webhook_id, leaf_index, reason, tries, next_try_at)"
    " SELECT w.webhook_id, told.leaf_index, :reason, 0, now() FROM told JOIN webhook w USING (account_id)"
    " WHERE told.leaf_index >= :owed AND w.disabled_at IS NULL ON CONFLICT DO NOTHING"
)
_USES = (
    "SELECT DISTINCT m.artist_id, m.leaf_index FROM record_match m JOIN record r USING (leaf_index)"
    " WHERE m.leaf_index >= :start AND m.leaf_index < :end AND r.verdict = 'copy' AND m.relation = ANY(:copies)"
)
_OF_WORKS = (
    "SELECT w.artist_id, r.leaf_index FROM record r JOIN work w USING (work_id)"
    " WHERE r.leaf_index >= :start AND r.leaf_index < :end AND r.kind = ANY(:kinds)"
)
_OF_PEOPLE = (
    "SELECT CAST(k.holder_id AS uuid), k.leaf_index FROM key_event k"
    " WHERE k.leaf_index >= :start AND k.leaf_index < :end AND k.role <> 'service'"
    " UNION SELECT r.artist_id, r.leaf_index FROM record r"
    " WHERE r.leaf_index >= :start AND r.leaf_index < :end AND r.kind IN ('usage', 'domain')"
)
_EARLIER = (
    "SELECT o.artist_id, w.registration_index FROM work w JOIN work o ON o.{0} = w.{0}"
    " WHERE w.registration_index >= :start AND w.registration_index < :end"
    " AND o.registration_index < w.registration_index AND o.artist_id <> w.artist_id"
    " AND (o.withdrawn_index IS NULL OR o.withdrawn_index > w.registration_index)"
)
_SAME_PICTURE = f"{_EARLIER.format('sha256')} UNION {_EARLIER.format('pixel_sha256')}"
_COPIES = (
    "WITH told AS (INSERT INTO found_copy (account_id, leaf_index)"  # noqa: S608 - our own text
    " SELECT DISTINCT early.artist_id, late.registration_index FROM duplicate_pair p"
    " JOIN work a ON a.work_id = p.first_id JOIN work b ON b.work_id = p.second_id"
    " JOIN work early ON early.registration_index = least(a.registration_index, b.registration_index)"
    " JOIN work late ON late.registration_index = greatest(a.registration_index, b.registration_index)"
    " WHERE p.verified AND a.artist_id <> b.artist_id AND early.withdrawn_index IS NULL AND p.first_id = ANY(:ids)"
    f" ON CONFLICT DO NOTHING RETURNING account_id, leaf_index) {_SENT}"
)
_OF_KINDS: Mapping[NoticeReason, tuple[str, frozenset[str]]] = {
    "use": (_USES, frozenset({"verification", "generation"})),
    "contest": (_SAME_PICTURE, frozenset({"registration"})),
    "finding": (_OF_WORKS, frozenset({"finding"})),
    "own-name": (f"{_OF_WORKS} UNION {_OF_PEOPLE}", frozenset({"consent", "withdrawal", "key", "usage", "domain"})),
}
"""By reason: who is told of which entry of a batch, and the kinds of records that it is asked for."""


def notify(connection: Connection, reason: NoticeReason, recipients: str, values: Mapping[str, Any], owed: int) -> None:
    """Adds notices. `recipients`: a query for account ids and leaf indexes; `owed`: webhooks are sent notices of
    entries from here on."""
    statement = sa.text(_NOTIFY.format(recipients=recipients, sent=_SENT))
    connection.execute(statement, {**values, "reason": reason, "owed": owed})


def tell(connection: Connection, start: int, end: int, kinds: Collection[str], owed: int) -> None:
    """Adds what the projected entries start <= leaf < end tell. `kinds`: those of these entries."""
    values = {"start": start, "end": end, "copies": [*map(str, COPY_RELATIONS)]}
    for reason, (query, told_by) in _OF_KINDS.items():
        if found := told_by & set(kinds):
            notify(connection, reason, query, values | {"kinds": sorted(found)}, owed)


def tell_of_copies(connection: Connection, first_ids: Collection[UUID]) -> None:
    """Tells artists that others registered edited copies of their works, by stored pairs with these first works.

    No entry says so: these notices are primary data, beside the projection."""
    connection.execute(sa.text(_COPIES), {"ids": [*first_ids], "reason": "contest", "owed": 0})
