"""Group commit: one transaction appends everything that many callers have queued (the log's rule 1)."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.errors import LedgerError, PushbackError
from ledger.log.entry import Alongside, Appended, CommitUnknownError, Draft, EntryStore
from ledger.record.dsse import Signature, countersigned

_LOOKUPS = (0.05, 0.2, 0.5, 1.0, 2.0)
"""Pauses, in seconds, between lookups of a batch whose commit has an unknown outcome."""
_SIGNED_TOGETHER = 8
"""Statements signed per hand-over: one lock per statement would cost too much, a large group would wait too long."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Submission:
    """A statement to be signed and appended."""

    record_id: str
    payload: bytes
    dedup_key: bytes | None = None
    signatures: tuple[Signature, ...] = ()
    """Further signatures of the same payload, verified by the caller; they follow the service's signature."""


class Ticket:
    """The future result of a submission.

    It is a lock that is released once, which costs less than one concurrent.futures.Future per record.
    """

    __slots__ = ("_appended", "_error", "_settled", "alongside", "queued_at", "submission")

    def __init__(self, submission: Submission, alongside: Alongside | None) -> None:
        self.submission = submission
        self.alongside = alongside
        self.queued_at = time.monotonic()
        self._appended: Appended | None = None
        self._error: BaseException | None = None
        self._settled = threading.Lock()
        self._settled.acquire()

    def result(self, timeout: float | None = None) -> Appended:
        """Waits for the committed entry. Raises the error that prevented it.

        Raises PushbackError (`commit-pending`) after `timeout` seconds. The statement may still be appended; submitting
        it again never adds a second entry.
        """
        if not self._settled.acquire(timeout=-1 if timeout is None else timeout):
            raise PushbackError(
                f"record {self.submission.record_id} was not committed within {timeout} s",
                code="commit-pending",
                hint="It may still be committed. Ask again: that never makes a second entry.",
                retry_after=10,
            )
        self._settled.release()
        if self._appended is None:
            raise self._error or RuntimeError("settled without an outcome")
        return self._appended

    def settle(self, outcome: Appended | BaseException) -> None:
        """Sets the outcome. The leader calls it once."""
        if isinstance(outcome, BaseException):
            self._error = outcome
        else:
            self._appended = outcome
        self._settled.release()


class Sequencer:
    """Signs statements and appends them. One thread signs queued statements; another, the leader, commits all that are
    signed. So signing continues while the database works.

    `sign` turns a payload into the envelope's exact bytes. Callers do not sign themselves: many signing threads would
    compete for the interpreter with the one that they all wait for. Close it, or use it as a context manager.
    """

    def __init__(
        self,
        store: EntryStore,
        sign: Callable[[bytes], bytes],
        *,
        max_queue: int = 20_000,
        max_age: float = 10.0,
        on_commit: Callable[[], None] = lambda: None,
    ) -> None:
        """Refuses new submissions while `max_queue` are waiting or one has waited `max_age` seconds.

        Calls `on_commit` after each commit (it wakes the publisher).
        """
        self._store = store
        self._sign = sign
        self._max_queue = max_queue
        self._max_age = max_age
        self._on_commit = on_commit
        self._queue: deque[Ticket] = deque()
        self._signed: deque[tuple[Ticket, Draft]] = deque()
        self._in_flight_since: float | None = None
        self._lock = threading.Lock()
        self._has_queued = threading.Condition(self._lock)
        self._has_signed = threading.Condition(self._lock)
        self._closed = False
        self._signer = threading.Thread(target=self._keep_signing, name="signer", daemon=True)
        self._leader = threading.Thread(target=self._keep_committing, name="sequencer", daemon=True)
        self._signer.start()
        self._leader.start()

    @property
    def origin(self) -> str:
        """The log's origin, which every statement names."""
        return self._store.origin()

    def __enter__(self) -> Sequencer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(
        self,
        record_id: str,
        payload: bytes,
        dedup_key: bytes | None = None,
        alongside: Alongside | None = None,
        signatures: tuple[Signature, ...] = (),
    ) -> Ticket:
        """Queues a statement. The ticket returns its entry once it is committed.

        `alongside` writes the caller's own rows in the same transaction, if the statement adds an entry. The ticket
        raises what `sign` and EntryStore.append raise. After a PushbackError, submitting the same record id again is
        safe: it never adds a second entry. Raises PushbackError at once (`overloaded`, `closed`) if too many
        submissions wait.
        """
        ticket = Ticket(Submission(record_id, payload, dedup_key, signatures), alongside)
        with self._lock:
            self._require_room()
            self._queue.append(ticket)
            self._has_queued.notify()
        return ticket

    def append_now(self, batch: Sequence[Submission], alongside: Alongside | None = None) -> Sequence[Appended]:
        """Signs and appends a whole batch in the caller's thread, all or nothing; for thousands of statements.

        Raises what EntryStore.append raises.
        """
        drafts = [self._draft(each, None) for each in batch]
        appended = self._append(drafts, alongside)
        self._on_commit()
        return appended

    def queue_age(self) -> float:
        """Seconds that the oldest submission has been waiting; 0.0 if none is."""
        with self._lock:
            return self._age()

    def close(self) -> None:
        """Commits all queued submissions, then stops. Later submissions are refused."""
        with self._lock:
            self._closed = True
            self._has_queued.notify()
        self._signer.join()
        with self._lock:
            self._has_signed.notify()
        self._leader.join()

    def _age(self) -> float:
        if self._in_flight_since is not None:
            return time.monotonic() - self._in_flight_since
        if self._signed:
            return time.monotonic() - self._signed[0][0].queued_at
        return time.monotonic() - self._queue[0].queued_at if self._queue else 0.0

    def _require_room(self) -> None:
        if self._closed:
            raise PushbackError("the service is shutting down", code="closed")
        age, waiting = self._age(), len(self._queue) + len(self._signed)
        if waiting >= self._max_queue or age >= self._max_age:
            raise PushbackError(
                f"{waiting} records are waiting to be written, the oldest for {age:.1f} s: try again later",
                code="overloaded",
                retry_after=max(1.0, age),
            )

    def _keep_signing(self) -> None:
        while True:
            with self._lock:
                while not self._queue and not self._closed:
                    self._has_queued.wait()
                if not self._queue:
                    return
                tickets = [self._queue.popleft() for _ in range(min(_SIGNED_TOGETHER, len(self._queue)))]
            signed = [(ticket, draft) for ticket in tickets if (draft := self._signed_draft(ticket)) is not None]
            with self._lock:
                self._signed.extend(signed)
                self._has_signed.notify()

    def _signed_draft(self, ticket: Ticket) -> Draft | None:
        try:
            return self._draft(ticket.submission, ticket.alongside)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller waits for it
            ticket.settle(error)
            return None

    def _keep_committing(self) -> None:
        while True:
            with self._lock:
                self._in_flight_since = None
                while not self._signed and self._signer.is_alive():
                    self._has_signed.wait()
                if not self._signed:
                    return
                batch = list(self._signed)
                self._signed.clear()
                self._in_flight_since = batch[0][0].queued_at
            self._commit([ticket for ticket, _ in batch], [draft for _, draft in batch])

    def _draft(self, submission: Submission, alongside: Alongside | None) -> Draft:
        leaf = self._sign(submission.payload)
        if submission.signatures:
            leaf = countersigned(leaf, submission.signatures)
        return Draft(submission.record_id, leaf, submission.dedup_key, alongside)

    def _commit(self, tickets: Sequence[Ticket], drafts: Sequence[Draft]) -> None:
        """Settles every ticket of the batch with its entry or an error.

        One bad draft must not fail the others: if the store refuses the batch, each draft is tried alone. (If the store
        is unreachable, nothing is retried.)
        """
        try:
            appended = self._append(drafts, None)
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers wait for it
            if len(tickets) > 1 and isinstance(error, LedgerError) and not isinstance(error, PushbackError):
                for ticket, draft in zip(tickets, drafts, strict=True):
                    self._commit([ticket], [draft])
                return
            _log.warning("appending %d records failed: %s", len(tickets), type(error).__name__)
            for ticket in tickets:
                ticket.settle(error)
            return
        for ticket, result in zip(tickets, appended, strict=True):
            ticket.settle(result)
        self._on_commit()

    def _append(self, drafts: Sequence[Draft], alongside: Alongside | None) -> Sequence[Appended]:
        try:
            return self._store.append(drafts, alongside)
        except CommitUnknownError:
            for pause in _LOOKUPS:
                time.sleep(pause)
                with contextlib.suppress(PushbackError):
                    if found := self._find(drafts):
                        return found
            raise

    def _find(self, drafts: Sequence[Draft]) -> list[Appended] | None:
        """The batch's entries if it was committed, else None. Some entries may be earlier repeats."""
        found: list[Appended] = []
        for draft in drafts:
            entry = self._store.get(draft.record_id)
            if entry is None and draft.dedup_key is not None:
                entry = self._store.by_dedup_key(draft.dedup_key)
            if entry is None:
                return None
            found.append(Appended(entry, repeated=entry.envelope != draft.envelope))
        return found
