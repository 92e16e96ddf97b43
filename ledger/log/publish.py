"""Publishes committed entries and a checkpoint (docs/explanation/architecture.md, rules 2 and 3 of the log)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import IntegrityError, LedgerError, VerificationError
from ledger.log.checkpoint import Checkpoint, SignedCheckpoint, add_signatures, open_checkpoint, sign_checkpoint
from ledger.log.entry import EntryStore, TreeHead
from ledger.log.growth import TileWriter
from ledger.log.last_checkpoint import LastCheckpoint, require_not_behind
from ledger.log.merkle import EMPTY_ROOT, verify_consistency
from ledger.log.objects import ObjectStore
from ledger.log.reader import TileReader
from ledger.log.tiles import CHECKPOINT_PATH
from ledger.log.vkey import NoteSigner
from ledger.log.witness import WitnessClient, WitnessOutcome

PublisherLock = Callable[[], AbstractContextManager[bool]]
"""Enters at once; yields whether this is the only publisher (an advisory lock, released when the process dies)."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Publication:
    """Outcome of a round."""

    signed: SignedCheckpoint
    published: bool
    """False if a required quorum of witnesses is missing; the checkpoint then waits for the next round."""
    outcomes: tuple[WitnessOutcome, ...] = ()
    """Each witness's answer, if witnesses were asked."""


@dataclass(frozen=True, slots=True)
class PublisherStatus:
    """The last round of this process, for `/readyz`."""

    publication: Publication | None = None
    error: LedgerError | None = None


class Publisher:
    """Publishes committed entries. It keeps no state that a crash could lose: each round starts from durable data, so
    recovery needs no special code.

    A round: (1) take the lock; (2) find the last signed checkpoint: the larger of the served one and the file's; (3)
    require that the database extends it; (4) write and flush tiles; (5) require that the tiles' root is the committed
    one and consistent with (2); (6) sign; (7) write the file; (8) ask witnesses; (9) serve. A checkpoint is in the file
    (7) before it leaves the process (8, 9).
    """

    def __init__(
        self,
        entries: EntryStore,
        objects: ObjectStore,
        signer: NoteSigner,
        last_checkpoint: Path,
        lock: PublisherLock,
        *,
        witnesses: WitnessClient | None = None,
        require_quorum: bool = True,
    ) -> None:
        """`last_checkpoint`: file outside the database that holds the last signed checkpoint.

        With `require_quorum`, a checkpoint waits until its cosignatures satisfy the witness policy. Without it, the
        checkpoint is published with the cosignatures that it has.
        """
        self._entries = entries
        self._objects = objects
        self._signer = signer
        self._last_seen = LastCheckpoint(last_checkpoint, signer.key)
        self._lock = lock
        self._witnesses = witnesses
        self._require_quorum = require_quorum
        self._news = threading.Event()
        self._status = PublisherStatus()

    @property
    def status(self) -> PublisherStatus:
        return self._status

    def wake(self) -> None:
        """Tells `run` that something was committed, so that it need not wait for its next check."""
        self._news.set()

    def run(self, stop: threading.Event, *, interval: float = 1.0) -> None:
        """Publishes at most once per `interval` seconds until `stop` is set. To end at once, then call `wake`.

        Errors are stored in `status`, and the round is tried again. A refusal to sign lasts until its cause is
        repaired.
        """
        while not stop.is_set():
            self._news.wait(interval)
            self._news.clear()
            try:
                publication = self.publish()
            except LedgerError as error:
                if self._status.error is None or self._status.error.code != error.code:
                    _log.error("not published: %s", error.message)
                self._status = PublisherStatus(self._status.publication, error)
            except Exception as error:  # noqa: BLE001
                # Keep running after an unexpected error: reporting it every second is better than a silent death.
                _log.exception("not published")
                unexpected = LedgerError(f"publishing failed: {type(error).__name__}: {error}", code="unexpected")
                self._status = PublisherStatus(self._status.publication, unexpected)
            else:
                self._status = PublisherStatus(publication or self._status.publication)
            stop.wait(interval)

    def publish(self) -> Publication | None:
        """Runs one round; None if another publisher holds the lock.

        Raises IntegrityError when signing would be wrong (`database-behind`, `forked`, `entry-gap`, `entry-altered`,
        `object-differs`, `published-log-damaged`, `last-checkpoint-damaged`), PushbackError when something is
        unreachable or full. After either, the next round starts from durable data.
        """
        with self._lock() as only_one:
            return self._round() if only_one else None

    def _round(self) -> Publication:
        served = self._served()
        last = self._last_signed(served)
        head = self._entries.head()
        _require_extends(head, last)
        if served is not None and served.size == head.size:
            self._last_seen.advance(served)
            return Publication(served, published=True)
        checkpoint = last.checkpoint if last is not None and last.size == head.size else self._grow(last, head)
        # Ed25519 is deterministic: signing the same checkpoint again gives the same bytes.
        signed = SignedCheckpoint(checkpoint, sign_checkpoint(checkpoint, self._signer))
        self._last_seen.advance(signed)
        return self._serve(*self._cosign(signed))

    def _served(self) -> SignedCheckpoint | None:
        data = self._objects.get(CHECKPOINT_PATH)
        if data is None:
            return None
        try:
            return open_checkpoint(data, self._signer.key)
        except VerificationError as error:
            raise IntegrityError(
                f"the served checkpoint is not signed by {self._signer.key}: {error.message}",
                code="published-log-damaged",
                hint="Nothing was signed. Check whether the folder belongs to another log, or whether the log key "
                "was replaced.",
            ) from error

    def _last_signed(self, served: SignedCheckpoint | None) -> SignedCheckpoint | None:
        remembered = self._last_seen.load()
        if served is None or remembered is None:
            return served or remembered
        older, newer = sorted((served, remembered), key=lambda each: each.size)
        require_not_behind(newer, older)
        try:
            path = TileReader(self._objects).consistency_proof(older.size, newer.size)
            verify_consistency(older.size, older.root, newer.size, newer.root, path)
        except VerificationError as error:
            raise _damaged(error) from error
        return newer

    def _grow(self, last: SignedCheckpoint | None, head: TreeHead) -> Checkpoint:
        old_size, old_root = (0, EMPTY_ROOT) if last is None else (last.size, last.root)
        try:
            writer = TileWriter(self._objects, old_size)
            size = writer.write(self._entries.read(writer.first_entry, head.size))
            self._objects.sync()
            reader = TileReader(self._objects)
            root = reader.root(size)
            verify_consistency(old_size, old_root, size, root, reader.consistency_proof(old_size, size))
        except VerificationError as error:
            raise _damaged(error) from error
        if (size, root) != (head.size, head.root):
            raise IntegrityError(
                f"expected the committed tree of {head.size} entries with root {head.root.hex()}, "
                f"got {size} entries and root {root.hex()}",
                code="entry-altered",
                hint="`artledger db check` names the first difference. Nothing was signed.",
            )
        return Checkpoint(self._signer.key.name, size, root)

    def _cosign(self, signed: SignedCheckpoint) -> tuple[SignedCheckpoint, bool, tuple[WitnessOutcome, ...]]:
        if self._witnesses is None:
            return signed, True, ()
        reader = TileReader(self._objects)
        outcomes = tuple(self._witnesses.collect(signed, lambda old: reader.consistency_proof(old, signed.size)))
        lines = [outcome.line for outcome in outcomes if outcome.line is not None]
        cosigners = [outcome.witness.key for outcome in outcomes if outcome.line is not None]
        may_serve = not self._require_quorum or self._witnesses.policy.is_quorum(cosigners)
        return SignedCheckpoint(signed.checkpoint, add_signatures(signed.data, lines)), may_serve, outcomes

    def _serve(self, signed: SignedCheckpoint, may_serve: bool, outcomes: tuple[WitnessOutcome, ...]) -> Publication:
        if not may_serve:
            return Publication(signed, published=False, outcomes=outcomes)
        # If this publisher lost its lock without noticing, it must not replace a larger served checkpoint.
        served = self._served()
        if served is not None and served.size > signed.size:
            return Publication(served, published=True)
        self._objects.replace(CHECKPOINT_PATH, signed.data)
        return Publication(signed, published=True, outcomes=outcomes)


def _require_extends(head: TreeHead, last: SignedCheckpoint | None) -> None:
    if last is None:
        return
    if head.size < last.size:
        raise IntegrityError(
            f"the database has {head.size} entries, but a checkpoint of {last.size} entries was already signed",
            code="database-behind",
            hint="It looks like an older backup: complete it from the published log (artledger db restore FOLDER|URL "
            "--key VKEY --continue). Nothing is signed until then, because it would fork the log.",
        )
    if head.size == last.size and head.root != last.root:
        raise IntegrityError(
            f"two trees of {head.size} entries: root {last.root.hex()} was signed, the database has {head.root.hex()}",
            code="forked",
            hint="This database does not belong to the published log. Nothing was signed.",
        )


def _damaged(error: VerificationError) -> IntegrityError:
    return IntegrityError(
        f"the published tiles are damaged: {error.message}",
        code="published-log-damaged",
        hint="`artledger audit log` names the first object that is wrong. Nothing was signed.",
    )
