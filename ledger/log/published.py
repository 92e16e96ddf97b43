"""The published log as its own service reads it: the latest checkpoint, and receipts under it."""

from __future__ import annotations

import time

from ledger.errors import IntegrityError, PushbackError, VerificationError
from ledger.log.checkpoint import SignedCheckpoint, open_checkpoint
from ledger.log.entry import Entry
from ledger.log.objects import ObjectReader
from ledger.log.proof import TlogProof
from ledger.log.reader import TileReader, make_receipt
from ledger.log.tiles import CHECKPOINT_PATH
from ledger.log.vkey import VerifierKey

_POLL = 0.05


class PublishedLog:
    """Reads the published log, whichever process publishes it. Threads may share it."""

    def __init__(self, objects: ObjectReader, log_key: VerifierKey) -> None:
        self._objects = objects
        self._key = log_key
        self._latest: SignedCheckpoint | None = None
        self.tiles = TileReader(objects)

    def checkpoint(self) -> SignedCheckpoint | None:
        """The served checkpoint, or None before the first.

        Raises IntegrityError (`published-log-damaged`) when it is not signed by the log, PushbackError.
        """
        data = self._objects.get(CHECKPOINT_PATH)
        if data is None:
            return None
        latest = self._latest
        if latest is None or latest.data != data:
            try:
                latest = self._latest = open_checkpoint(data, self._key)
            except VerificationError as error:
                raise IntegrityError(
                    f"the served checkpoint is not signed by {self._key}: {error.message}",
                    code="published-log-damaged",
                ) from error
        return latest

    def covering(self, leaf_index: int, timeout: float) -> SignedCheckpoint:
        """Waits up to `timeout` seconds for a checkpoint that covers the leaf.

        Raises PushbackError (`not-published`) when there is none by then.
        """
        deadline = time.monotonic() + timeout
        while True:
            signed = self.checkpoint()
            if signed is not None and signed.size > leaf_index:
                return signed
            if time.monotonic() >= deadline:
                raise PushbackError(
                    f"log entry {leaf_index} is committed, but no published checkpoint covers it yet",
                    code="not-published",
                    hint="A checkpoint follows within seconds. Try again.",
                )
            time.sleep(_POLL)

    def receipt(self, entry: Entry, *, timeout: float = 0.0, extra: bytes | None = None) -> TlogProof:
        """The entry's verified C2SP tlog-proof under a covering checkpoint. Raises as `covering` and make_receipt."""
        signed = self.covering(entry.leaf_index, timeout)
        return make_receipt(self.tiles, entry.leaf_hash, entry.leaf_index, signed, extra)
