"""Sends an account's notices to an address of its own, signed (Standard Webhooks, spec/standard-webhooks.md)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus

from ledger.answers.notices import NoticeAnswer
from ledger.answers.webhooks import NewWebhook, WebhookAnswer, WebhookTest
from ledger.errors import ConflictError, LedgerError, NotFoundError
from ledger.flows.people.accounts import Accounts
from ledger.flows.people.inbox import Inbox
from ledger.outbound import Outbound
from ledger.record.ids import new_id, parse_id
from ledger.record.times import format_time, now_text
from ledger.storage.people.webhooks import DueNotice, StoredWebhook, WebhookStore

MOST_WEBHOOKS = 5
"""Of one account."""
LOOK_EVERY = 2.0
SENDERS = 4
"""Webhooks that are sent to at once: one that does not answer delays no other for long."""
IN_A_ROW, SECONDS_IN_A_ROW = 20, 10.0
"""Notices that one webhook gets before others have their turn; fewer where its address is slow."""
MINUTE, HOUR = 60.0, 3600.0
RETRIES = (5.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""Seconds before each try after the first; a notice that fails once more is given up."""
_SLOWER = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
_log = logging.getLogger(__name__)

Turn = Callable[[], AbstractContextManager[bool]]


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Threads may share it."""

    store: WebhookStore
    accounts: Accounts
    inbox: Inbox
    outbound: Outbound
    turn: Turn
    """Whether this process is the one that sends."""

    def add(self, account_id: str, url: str) -> NewWebhook:
        """A new webhook, whose secret is shown once. Raises InputError (`bad-address`, `private-address`),
        ConflictError (`too-many-webhooks`), NotFoundError (`account-not-found`)."""
        self.accounts.get(account_id)
        self.outbound.require(url)
        if len(self.store.of(account_id)) >= MOST_WEBHOOKS:
            raise ConflictError(
                f"the account has {MOST_WEBHOOKS} webhooks, the most that one may have",
                code="too-many-webhooks",
                hint="Remove one first.",
            )
        webhook_id, secret = new_id(), secrets.token_bytes(32)
        self.store.add(webhook_id, account_id, url, secret)
        return NewWebhook(
            **dict(self._get(account_id, webhook_id)), secret=f"whsec_{base64.b64encode(secret).decode()}"
        )

    def of(self, account_id: str) -> tuple[WebhookAnswer, ...]:
        """An account's webhooks, the oldest first."""
        return tuple(map(_answer, self.store.of(parse_id(account_id))))

    def remove(self, account_id: str, webhook_id: str) -> None:
        """Raises NotFoundError (`webhook-not-found`)."""
        if not self.store.remove(account_id, parse_id(webhook_id)):
            raise _unknown(webhook_id)

    def test(self, account_id: str, webhook_id: str) -> WebhookTest:
        """Sends a test now, and says what came back. Raises NotFoundError (`webhook-not-found`)."""
        found = self._get(account_id, webhook_id)
        body = {"type": "test", "timestamp": now_text(), "data": {"account_id": account_id}}
        try:
            status = self._post(found.url, self.store.secret(webhook_id), f"msg_test_{new_id()}", body)
        except LedgerError as error:
            return WebhookTest(ok=False, status=None, problem=error.message)
        return WebhookTest(ok=_is_success(status), status=status, problem=None)

    def run(self, stop: threading.Event, *, interval: float = LOOK_EVERY) -> None:
        """Sends what is due until `stop` is set. Of several processes, one sends."""
        with ThreadPoolExecutor(SENDERS, thread_name_prefix="webhook") as senders:
            while not stop.wait(interval):
                try:
                    with self.turn() as ours:
                        if ours:
                            list(senders.map(lambda each: self._send_all(each, stop), self.store.due(SENDERS)))
                except LedgerError as error:
                    _log.warning("webhooks are not sent now: %s", error.message)
                except Exception:  # noqa: BLE001 - nothing may end the thread
                    _log.exception("webhooks are not sent now")

    def _send_all(self, webhook_id: str, stop: threading.Event) -> None:
        end = time.monotonic() + SECONDS_IN_A_ROW
        for _ in range(IN_A_ROW):
            notice = None if stop.is_set() else self.store.next(webhook_id)
            if notice is None or not self._send(notice):
                return
            if time.monotonic() > end:
                break
        self.store.stand_back(webhook_id)

    def _send(self, notice: DueNotice) -> bool:
        """Whether the next one may follow at once."""
        told = self.inbox.at(notice.account_id, notice.leaf_index)
        if told is None:  # the account was erased meanwhile
            self.store.sent(notice)
            return True
        try:
            status = self._post(notice.url, notice.secret, _message_id(notice), _body(notice, told))
        except LedgerError as error:
            return self._failed(notice, error.message)
        if _is_success(status):
            self.store.sent(notice)
            self.store.solve(notice.webhook_id)
            return True
        if status == HTTPStatus.GONE:
            self.store.disable(notice.webhook_id, "the address answered 410: it wants nothing more")
            return False
        return self._failed(notice, f"the address answered {status}", slower=status in _SLOWER)

    def _failed(self, notice: DueNotice, problem: str, *, slower: bool = False) -> bool:
        if notice.tries >= len(RETRIES):
            self.store.sent(notice)
            self.store.disable(notice.webhook_id, f"given up after {notice.tries + 1} tries: {problem}")
            return False
        wait = RETRIES[notice.tries] * (2 if slower else 1) * random.uniform(1, 1.2)  # noqa: S311 - spreads retries
        self.store.retry(notice, wait, problem)
        return False

    def _post(self, url: str, secret: bytes, message_id: str, document: Mapping[str, object]) -> int:
        body, stamp = json.dumps(document).encode(), str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "artledger-webhooks",
            "webhook-id": message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": signature(secret, message_id, stamp, body),
        }
        return self.outbound.send("POST", url, body, headers).status

    def _get(self, account_id: str, webhook_id: str) -> WebhookAnswer:
        for each in self.of(account_id):
            if each.webhook_id == webhook_id:
                return each
        raise _unknown(webhook_id)


def signature(secret: bytes, message_id: str, stamp: str, body: bytes) -> str:
    """`v1,` and HMAC-SHA-256 over id, time and body (Standard Webhooks, Signature scheme)."""
    signed = hmac.new(secret, b".".join((message_id.encode(), stamp.encode(), body)), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def _message_id(notice: DueNotice) -> str:
    """The same at every try."""
    return f"msg_{notice.webhook_id}_{notice.leaf_index}"


def _body(notice: DueNotice, told: NoticeAnswer) -> dict[str, object]:
    return {
        "type": f"notice.{told.reason}",
        "timestamp": told.appended_at,
        "data": {"account_id": notice.account_id, **told.to_json()},
    }


def _is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _answer(stored: StoredWebhook) -> WebhookAnswer:
    return WebhookAnswer(
        webhook_id=stored.webhook_id,
        url=stored.url,
        created_at=format_time(stored.created_at),
        disabled_at=None if stored.disabled_at is None else format_time(stored.disabled_at),
        problem=stored.problem,
        waiting=stored.waiting,
    )


def _unknown(webhook_id: str) -> NotFoundError:
    return NotFoundError(f"the account has no webhook {webhook_id}", code="webhook-not-found")
