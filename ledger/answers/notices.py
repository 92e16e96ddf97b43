"""What an account is told of, in words."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.answers.answer import Answer, Links
from ledger.record.predicates import Kind
from ledger.record.told import NoticeReason

REASON_WORDS: Mapping[NoticeReason, str] = {
    "use": "A picture is a copy of a work of yours.",
    "claim": "A claim is about a work or a picture of yours.",
    "contest": "Another artist registered the same picture as you did.",
    "response": "Somebody answered a claim that concerns you.",
    "verdict": "The verdict on a claim that concerns you changed.",
    "resolution": "An auditor decided a claim that concerns you.",
    "finding": "A model gives back a work of yours.",
    "own-name": "This was recorded in your name.",
}
"""The last one is no news where it was you; if it was not, somebody else has your token or your key."""


class NoticeAnswer(Answer):
    """An entry of the log that an account is told of."""

    reason: NoticeReason
    says: str
    """The reason in words."""
    record_id: str
    kind: Kind
    leaf_index: int
    appended_at: str
    reference: str
    """The record in one sentence."""
    links: Links
    """`page`: where to read more, for people; `record`: the record."""


class NoticePage(Answer):
    """Notices in the order of the log."""

    notices: tuple[NoticeAnswer, ...]
    next_after: int | None
    """Goes on (`after=`); null at the end."""
    unread: int
    """Newer ones than those that the account's holder marked as read."""
