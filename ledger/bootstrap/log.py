"""The log: keys, sequencer, object store, publisher, witnesses."""

from __future__ import annotations

import logging
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.bootstrap.storage import StorageParts
from ledger.errors import InputError, LedgerError
from ledger.record import dsse
from ledger.record.keys import LOG_KEY_FILE, RECORD_KEY_FILE, Signer, load_or_create_signer, load_signer
from ledger.settings import Settings

if TYPE_CHECKING:
    from ledger.flows.pictures.credential_keys import OperatorCredentials, OwnCredentials
    from ledger.flows.records.service_keys import ServiceKeys
    from ledger.flows.upkeep.restore import Restoring
    from ledger.log.append import Sequencer
    from ledger.log.objects import ObjectStore
    from ledger.log.publish import Publisher
    from ledger.log.reader import TileReader
    from ledger.log.vkey import NoteSigner
    from ledger.log.witness import WitnessClient
    from ledger.log.witness_policy import Policy
    from ledger.record.keyfile import KeyFile

LAST_CHECKPOINT = "last-checkpoint"
"""File in the data folder: the last checkpoint that was signed here."""

_log = logging.getLogger(__name__)


class LogParts(StorageParts):
    """What appends, publishes and proves."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._appended = threading.Event()

    @cached_property
    def record_key_file(self) -> KeyFile:
        from ledger.record.keyfile import KeyFile

        return KeyFile(self._key_path(RECORD_KEY_FILE), self._key_passphrase)

    @cached_property
    def keys(self) -> ServiceKeys:
        """The service's record keys; a log without any begins with this installation's."""
        from ledger.flows.records.service_keys import ServiceKeys

        keys = ServiceKeys(self.record_key_file, self.entries, self.record_store, self._committed)
        keys.announce()
        return keys

    def load_key(self, path: Path) -> Signer:
        """A private key in a file of the user's. Raises as `load_signer` does."""
        return load_signer(path, self._key_passphrase)

    @cached_property
    def log_signer(self) -> NoteSigner:
        from ledger.log.vkey import KeyType, NoteSigner, VerifierKey

        signer = load_or_create_signer(self._key_path(LOG_KEY_FILE), self._key_passphrase)
        return NoteSigner(VerifierKey(self.origin, KeyType.ED25519, signer.public_raw), signer.sign)

    @property
    def log_vkey(self) -> str:
        return str(self.log_signer.key)

    @cached_property
    def credential_keys(self) -> OwnCredentials | OperatorCredentials:
        """Whoever signs Content Credentials. Raises InputError (`settings`) where one of two settings is missing."""
        from ledger.flows.pictures.credential_keys import CREDENTIAL_KEY_FILE, OperatorCredentials, OwnCredentials

        certificate, key = self.settings.c2pa_certificate, self.settings.c2pa_key
        if certificate is not None and key is not None:
            return OperatorCredentials(certificate, key, self._key_passphrase)
        if certificate is not None or key is not None:
            raise InputError(
                "ARTLEDGER_C2PA_CERTIFICATE and ARTLEDGER_C2PA_KEY go together; only one is set", code="settings"
            )
        return OwnCredentials(self._key_path(CREDENTIAL_KEY_FILE), f"Artledger {self.origin}", self._key_passphrase)

    def _key_path(self, name: str) -> Path:
        return self.data_dir / "keys" / name

    @property
    def _key_passphrase(self) -> bytes | None:
        secret = self.settings.key_passphrase
        return None if secret is None else secret.get_secret_value().encode()

    @cached_property
    def sequencer(self) -> Sequencer:
        from ledger.log.append import Sequencer

        keys = self.keys
        return Sequencer(
            self.entries,
            lambda payload: dsse.sign(payload, [keys.signer()]),
            max_queue=self.settings.max_queue,
            on_commit=self._committed,
        )

    @property
    def restoring(self) -> Restoring:
        """Fills the database from a published log. Asks for no log: there may be none here yet."""
        from ledger.flows.upkeep.restore import Restoring
        from ledger.storage.log.restore import EntryRestore

        path = self._key_path(LOG_KEY_FILE)
        return Restoring(
            store=EntryRestore(self.database),
            projector=self.projector,
            log_key=lambda: load_signer(path, self._key_passphrase).public_raw if path.exists() else None,
            configured_origin=self.settings.origin,
            last_checkpoint=self.data_dir / LAST_CHECKPOINT,
            policy=self.witness_policy,
            unfingerprinted=lambda: len(self.corpus.works_lacking(self.spec.digest)),
        )

    def _committed(self) -> None:
        self._appended.set()
        if "publisher" in self.__dict__:
            self.publisher.wake()

    def settle(self) -> None:
        """Brings projections and the published log up to what is committed; logs what prevents it."""
        try:
            self.projector.catch_up()
            self.publisher.publish()
            self._appended.clear()
        except LedgerError as error:
            _log.error("committed, but not published yet: %s", error.message)

    @cached_property
    def objects(self) -> ObjectStore:
        from ledger.storage.log.objects import open_objects

        return open_objects(self.settings.log_store or str(self.data_dir / "log"))

    @cached_property
    def tiles(self) -> TileReader:
        from ledger.log.reader import TileReader

        return TileReader(self.objects)

    @cached_property
    def witness_policy(self) -> Policy | None:
        from ledger.files import read_regular
        from ledger.log.witness_policy import MAX_POLICY_BYTES, parse_policy

        path = self.settings.witness_policy
        if path is None:
            return None
        try:
            return parse_policy(read_regular(path, MAX_POLICY_BYTES + 1))
        except OSError as error:
            raise InputError(f"the witness policy {path} cannot be read: {error.strerror}", code="policy") from error

    @cached_property
    def publisher(self) -> Publisher:
        from ledger.log.publish import Publisher
        from ledger.storage.locks import PublisherLock

        return Publisher(
            self.entries,
            self.objects,
            self.log_signer,
            self.data_dir / LAST_CHECKPOINT,
            PublisherLock(self.database),
            witnesses=self.witnesses,
        )

    @cached_property
    def witnesses(self) -> WitnessClient | None:
        from ledger.log.witness import WitnessClient

        policy = self.witness_policy
        if policy is None:
            return None
        client = WitnessClient(policy)
        self._stack.callback(client.close)
        return client
