"""The log: keys, sequencer, object store, publisher, witnesses; the records on it, and the models that they name."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.app.store import Store
from ledger.errors import InputError, LedgerError
from ledger.record import dsse
from ledger.record.keys import LOG_KEY_FILE, RECORD_KEY_FILE, Signer, load_or_create_signer, load_signer

if TYPE_CHECKING:
    from ledger.flows.records.models import Models
    from ledger.flows.records.records import Records
    from ledger.flows.records.service_keys import ServiceKeys
    from ledger.flows.upkeep.restore import Restoring
    from ledger.log.append import Sequencer
    from ledger.log.objects import ObjectStore
    from ledger.log.publish import Publisher
    from ledger.log.reader import TileReader
    from ledger.log.vkey import NoteSigner
    from ledger.log.witness import WitnessClient
    from ledger.log.witness_policy import WitnessPolicy
    from ledger.record.keyfile import KeyFile

LAST_CHECKPOINT = "last-checkpoint"
"""File in the data folder: the last checkpoint that was signed here."""

_log = logging.getLogger(__name__)


class Log:
    """The parts that append, publish and prove."""

    def __init__(self, store: Store, stack: ExitStack) -> None:
        self.store = store
        self._stack = stack
        self._appended = threading.Event()

    @property
    def origin(self) -> str:
        return self.store.entries.origin()

    @cached_property
    def record_key_file(self) -> KeyFile:
        from ledger.record.keyfile import KeyFile

        return KeyFile(self.key_path(RECORD_KEY_FILE), self.key_passphrase)

    @cached_property
    def keys(self) -> ServiceKeys:
        """The service's record keys. A log without keys begins with this installation's key."""
        from ledger.flows.records.service_keys import ServiceKeys

        keys = ServiceKeys(self.record_key_file, self.store.entries, self.store.records, self.committed)
        keys.announce()
        return keys

    @property
    def record_keys(self) -> list[str]:
        """Raw public keys, in hex, that the log announces for the service's records and that are not revoked."""
        good = [state for state in self.keys.states() if state.revoked_index is None and state.role == "service"]
        return [state.public_key for state in good]

    def load_key(self, path: Path) -> Signer:
        """A private key in a file of the user. Raises as `load_signer` does."""
        return load_signer(path, self.key_passphrase)

    def key_path(self, name: str) -> Path:
        return self.store.data_dir / "keys" / name

    @property
    def key_passphrase(self) -> bytes | None:
        secret = self.store.settings.key_passphrase
        return None if secret is None else secret.get_secret_value().encode()

    @cached_property
    def signer(self) -> NoteSigner:
        """Signs checkpoints."""
        from ledger.log.vkey import KeyType, NoteSigner, VerifierKey

        signer = load_or_create_signer(self.key_path(LOG_KEY_FILE), self.key_passphrase)
        return NoteSigner(VerifierKey(self.origin, KeyType.ED25519, signer.public_raw), signer.sign)

    @property
    def vkey(self) -> str:
        """The log's verifier key (C2SP signed-note)."""
        return str(self.signer.key)

    @cached_property
    def sequencer(self) -> Sequencer:
        from ledger.log.append import Sequencer

        keys = self.keys
        return Sequencer(
            self.store.entries,
            lambda payload: dsse.sign(payload, [keys.signer()]),
            max_queue=self.store.settings.max_queue,
            on_commit=self.committed,
        )

    def committed(self) -> None:
        """Must be called after entries were appended, so that they are published soon."""
        self._appended.set()
        if "publisher" in self.__dict__:
            self.publisher.wake()

    def settle(self) -> None:
        """Updates projections and the published log to what is committed; logs what prevents it."""
        try:
            self.store.projector.catch_up()
            self.publisher.publish()
            self._appended.clear()
        except LedgerError as error:
            _log.error("committed, but not published yet: %s", error.message)

    def close(self) -> None:
        """Commits what is queued, and publishes what this process appended."""
        if "sequencer" in self.__dict__:
            self.sequencer.close()
        if self._appended.is_set():
            self.settle()

    @property
    def restoring(self) -> Restoring:
        """Fills the database from a published log. Does not open this installation's log, because there may be none
        yet."""
        from ledger.flows.upkeep.restore import Restoring
        from ledger.storage.log.restore import EntryRestore

        path = self.key_path(LOG_KEY_FILE)
        return Restoring(
            store=EntryRestore(self.store.database),
            projector=self.store.projector,
            log_key=lambda: load_signer(path, self.key_passphrase).public_raw if path.exists() else None,
            configured_origin=self.store.settings.origin,
            last_checkpoint=self.store.data_dir / LAST_CHECKPOINT,
            policy=self.witness_policy,
            unfingerprinted=lambda: len(self.store.corpus.works_lacking(self.store.spec.digest)),
        )

    @cached_property
    def objects(self) -> ObjectStore:
        from ledger.storage.log.objects import open_objects

        return open_objects(self.store.settings.log_store or str(self.store.data_dir / "log"))

    @cached_property
    def tiles(self) -> TileReader:
        from ledger.log.reader import TileReader

        return TileReader(self.objects)

    @cached_property
    def records(self) -> Records:
        from ledger.flows.records.records import Records

        return Records(
            entries=self.store.entries,
            store=self.store.records,
            works=self.store.works,
            calibrations=self.store.calibrations,
            likenesses=self.store.likenesses,
            objects=self.objects,
            tiles=self.tiles,
            log_key=self.signer.key,
            people=self.store.accounts.names,
            classifier=lambda digest: self.models.figures(digest),  # noqa: PLW0108 - made late
        )

    @cached_property
    def models(self) -> Models:
        from ledger.flows.records.models import Models

        return Models(store=self.store.records, documents=self.store.documents, sequencer=lambda: self.sequencer)

    @cached_property
    def publisher(self) -> Publisher:
        from ledger.log.publish import Publisher
        from ledger.storage.locks import PublisherLock

        return Publisher(
            self.store.entries,
            self.objects,
            self.signer,
            self.store.data_dir / LAST_CHECKPOINT,
            PublisherLock(self.store.database),
            witnesses=self.witnesses,
        )

    @cached_property
    def witness_policy(self) -> WitnessPolicy | None:
        from ledger.files import read_regular
        from ledger.log.witness_policy import MAX_POLICY_BYTES, parse_policy

        path = self.store.settings.witness_policy
        if path is None:
            return None
        try:
            return parse_policy(read_regular(path, MAX_POLICY_BYTES + 1))
        except OSError as error:
            raise InputError(f"the witness policy {path} cannot be read: {error.strerror}", code="policy") from error

    @cached_property
    def witnesses(self) -> WitnessClient | None:
        from ledger.log.witness import WitnessClient

        policy = self.witness_policy
        if policy is None:
            return None
        client = WitnessClient(policy)
        self._stack.callback(client.close)
        return client

    def state(self) -> dict[str, Any]:
        """Entries committed and published (None: cannot be read now), and seconds that the oldest statement has
        waited."""
        try:
            signed = self.records.signed_checkpoint()
            published = 0 if signed is None else signed.size
        except LedgerError:
            published = None
        return {
            "committed": self.store.entries.head().size,
            "published": published,
            "queue_age": round(self.sequencer.queue_age(), 3) if "sequencer" in self.__dict__ else 0.0,
        }

    def witness_state(self) -> dict[str, Any] | None:
        """None where no policy requires witnesses. `quorum`: met, missing (the checkpoint waits), or unknown yet."""
        if self.witnesses is None:
            return None
        outcomes = self.witnesses.latest
        cosigners = [outcome.witness.key for outcome in outcomes if outcome.line is not None]
        met = self.witnesses.policy.is_quorum(cosigners)
        return {
            "quorum": ("met" if met else "missing") if outcomes else "unknown",
            "policy": "a checkpoint is published once the quorum has cosigned it; records are taken meanwhile",
            "answers": [
                {"witness": each.witness.name, "state": each.state.value, "detail": each.detail} for each in outcomes
            ],
        }
