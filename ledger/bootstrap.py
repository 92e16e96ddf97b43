"""The one place that reads settings and wires adapters to protocols.

Every part is made when it is first asked for: `artledger lookup RECORD_ID` loads no model, `artledger --help` nothing.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pydantic import ValidationError

from ledger.errors import InputError, LedgerError, NotFoundError
from ledger.image.limits import DecodeLimits
from ledger.record import dsse
from ledger.record.keys import LOG_KEY_FILE, RECORD_KEY_FILE, Signer, load_or_create_signer, load_signer
from ledger.settings import Settings

if TYPE_CHECKING:
    from ledger.corpus.types import Source
    from ledger.fingerprint.fingerprinter import Fingerprinter
    from ledger.fingerprint.spec import FingerprintSpec
    from ledger.flows.administration import Administration
    from ledger.flows.calibrate import Calibrations
    from ledger.flows.catalogue import Catalogue
    from ledger.flows.demo import Demo
    from ledger.flows.ingest import Ingestion
    from ledger.flows.keys import ServiceKeys
    from ledger.flows.lookup import Lookup
    from ledger.flows.recompute import LocalRecompute
    from ledger.flows.records import Records
    from ledger.flows.refresh import Refreshing
    from ledger.flows.verify import Verification
    from ledger.image.pool import DecodePool
    from ledger.log.append import Sequencer
    from ledger.log.objects import ObjectStore
    from ledger.log.policy import Policy
    from ledger.log.publish import Publisher
    from ledger.log.reader import TileReader
    from ledger.log.vkey import NoteSigner
    from ledger.log.witness import WitnessClient
    from ledger.record.keyfile import KeyFile
    from ledger.storage.calibrations import CalibrationStore
    from ledger.storage.candidates import PgVectorIndex
    from ledger.storage.corpus import CorpusStore
    from ledger.storage.database import Database
    from ledger.storage.entries import PostgresEntryStore
    from ledger.storage.projections import Projector
    from ledger.storage.records import RecordStore
    from ledger.storage.works import WorkReader

_log = logging.getLogger(__name__)


def open_application(**overrides: Any) -> Application:
    """Settings from the environment, `overrides` (by field name) before them. Raises InputError (`settings`)."""
    try:
        return Application(Settings(**{name: value for name, value in overrides.items() if value is not None}))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "ARTLEDGER_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InputError(f"setting {name}: {first['msg']}", code="settings") from error


class Application:
    """Everything wired, as a context manager. Leaving it commits and publishes what is queued, and stops what it
    started."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._stack = ExitStack()
        self._appended = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Publishes what this process appended; a publication that fails now is made up for by the next one."""
        with self._stack:
            if "sequencer" in self.__dict__:
                self.sequencer.close()
            if self._appended.is_set():
                self.settle()

    def settle(self) -> None:
        """Brings projections and the published log up to what is committed; logs what prevents it."""
        try:
            self.projector.catch_up()
            self.publisher.publish()
            self._appended.clear()
        except LedgerError as error:
            _log.error("committed, but not published yet: %s", error.message)

    # --- folders and keys ---------------------------------------------------------------------------------------------

    @cached_property
    def data_dir(self) -> Path:
        folder = self.settings.data_dir.expanduser().absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"the data folder {folder} cannot be made: {error.strerror}",
                code="data-folder",
                hint="name another: --data",
            ) from error
        return folder

    @cached_property
    def record_key_file(self) -> KeyFile:
        from ledger.record.keyfile import KeyFile

        return KeyFile(self._key_path(RECORD_KEY_FILE), self._key_passphrase)

    @cached_property
    def keys(self) -> ServiceKeys:
        """The service's record keys; a log without any begins with this installation's."""
        from ledger.flows.keys import ServiceKeys

        keys = ServiceKeys(self.record_key_file, self.entries, self.record_store, self._committed)
        keys.announce()
        return keys

    @cached_property
    def log_signer(self) -> NoteSigner:
        from ledger.log.vkey import KeyType, NoteSigner, VerifierKey

        signer = load_or_create_signer(self._key_path(LOG_KEY_FILE), self._key_passphrase)
        return NoteSigner(VerifierKey(self.origin, KeyType.ED25519, signer.public_raw), signer.sign)

    def _key_path(self, name: str) -> Path:
        return self.data_dir / "keys" / name

    @property
    def _key_passphrase(self) -> bytes | None:
        secret = self.settings.key_passphrase
        return None if secret is None else secret.get_secret_value().encode()

    def load_key(self, path: Path) -> Signer:
        """A private key in a file of the user's. Raises as `load_signer` does."""
        return load_signer(path, self._key_passphrase)

    @property
    def origin(self) -> str:
        return self.entries.origin()

    @property
    def log_vkey(self) -> str:
        return str(self.log_signer.key)

    # --- storage ------------------------------------------------------------------------------------------------------

    @cached_property
    def unchecked_database(self) -> Database:
        """The database whatever its schema, for `db upgrade`."""
        from ledger.storage.database import Database
        from ledger.storage.embedded import EmbeddedServer

        if self.settings.database_url is not None:
            url = self.settings.database_url.get_secret_value()
        else:
            server = EmbeddedServer(self.data_dir, run_as=self.settings.postgres_user)
            url = self._stack.enter_context(server).url()
        return self._stack.enter_context(Database(url))

    @cached_property
    def database(self) -> Database:
        """Ready to use: the embedded one is migrated on its own, another one only by `artledger db upgrade`."""
        from ledger.storage.schema import check_schema, upgrade

        database = self.unchecked_database
        if self.settings.database_url is None:
            upgrade(database)
        check_schema(database)
        return database

    @cached_property
    def entries(self) -> PostgresEntryStore:
        from ledger.storage.entries import PostgresEntryStore

        store = PostgresEntryStore(self.database)
        store.create_log(self.settings.origin or f"localhost/artledger/{secrets.token_hex(4)}")
        return store

    @cached_property
    def projector(self) -> Projector:
        from ledger.storage.projections import Projector

        return Projector(self.database)

    @cached_property
    def corpus(self) -> CorpusStore:
        from ledger.storage.corpus import CorpusStore

        return CorpusStore(self.database, self.projector, self.spec)

    @cached_property
    def works(self) -> WorkReader:
        from ledger.storage.works import WorkReader

        return WorkReader(self.database, self.projector)

    @cached_property
    def index(self) -> PgVectorIndex:
        from ledger.storage.candidates import PgVectorIndex

        return PgVectorIndex(self.database, self.projector, self.spec)

    @cached_property
    def record_store(self) -> RecordStore:
        from ledger.storage.records import RecordStore

        return RecordStore(self.database, self.projector)

    @cached_property
    def calibration_store(self) -> CalibrationStore:
        from ledger.storage.calibrations import CalibrationStore

        return CalibrationStore(self.database, self.projector)

    # --- the log ------------------------------------------------------------------------------------------------------

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

    def _committed(self) -> None:
        self._appended.set()
        if "publisher" in self.__dict__:
            self.publisher.wake()

    @cached_property
    def objects(self) -> ObjectStore:
        from ledger.storage.objects import open_objects

        return open_objects(self.settings.log_store or str(self.data_dir / "log"))

    @cached_property
    def tiles(self) -> TileReader:
        from ledger.log.reader import TileReader

        return TileReader(self.objects)

    @cached_property
    def witness_policy(self) -> Policy | None:
        from ledger.log.policy import parse_policy

        path = self.settings.witness_policy
        if path is None:
            return None
        try:
            return parse_policy(path.read_bytes())
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
            self.data_dir / "last-checkpoint",
            PublisherLock(self.database),
            witnesses=self.witnesses,
        )

    @cached_property
    def witnesses(self) -> WitnessClient | None:
        from ledger.log.witness import WitnessClient

        policy = self.witness_policy
        return None if policy is None else WitnessClient(policy)

    # --- pictures and their fingerprints ------------------------------------------------------------------------------

    @cached_property
    def images(self) -> DecodePool:
        from ledger.image.pool import DecodePool

        limits = DecodeLimits(max_bytes=self.settings.max_image_bytes)
        return self._stack.enter_context(DecodePool(self.settings.decode_workers, limits))

    @cached_property
    def spec(self) -> FingerprintSpec:
        from ledger.fingerprint.spec import default_spec

        return default_spec()

    @cached_property
    def fingerprinter(self) -> Fingerprinter:
        from ledger.fingerprint.copy_encoder import load_copy_encoder
        from ledger.fingerprint.fingerprinter import Fingerprinter

        return Fingerprinter([load_copy_encoder()], self.spec)

    # --- flows --------------------------------------------------------------------------------------------------------

    @cached_property
    def verification(self) -> Verification:
        from ledger.flows.verify import Verification

        return Verification(
            images=self.images,
            fingerprinter=self.fingerprinter,
            index=self.index,
            calibrations=self.recalibration,
            sequencer=self.sequencer,
            records=self.records,
        )

    @cached_property
    def lookups(self) -> Lookup:
        from ledger.flows.lookup import Lookup

        return Lookup(records=self.records, verification=lambda: self.verification)

    @cached_property
    def records(self) -> Records:
        from ledger.flows.records import Records

        return Records(
            entries=self.entries,
            store=self.record_store,
            works=self.works,
            objects=self.objects,
            tiles=self.tiles,
            log_key=self.log_signer.key,
        )

    @cached_property
    def catalogue(self) -> Catalogue:
        from ledger.flows.catalogue import Catalogue

        return Catalogue(
            reader=self.works,
            entries=self.entries,
            store=self.record_store,
            calibrations=self.calibration_store,
            spec=self.spec.digest,
        )

    @cached_property
    def recalibration(self) -> Calibrations:
        from ledger.flows.calibrate import Calibrations

        return Calibrations(
            corpus=self.corpus, files=self.calibration_store, sequencer=self.sequencer, spec=self.spec.digest
        )

    @cached_property
    def ingestion(self) -> Ingestion:
        from ledger.flows.ingest import Ingestion

        return Ingestion(
            images=self.images,
            fingerprinter=self.fingerprinter,
            corpus=self.corpus,
            sequencer=self.sequencer,
            ensure_indexes=self._ensure_indexes,
        )

    def _ensure_indexes(self) -> bool:
        from ledger.storage.vector_indexes import ensure_indexes

        return ensure_indexes(self.database, self.spec.digest)

    @cached_property
    def refreshing(self) -> Refreshing:
        from ledger.flows.refresh import Refreshing

        return Refreshing(
            images=self.images,
            fingerprinter=self.fingerprinter,
            corpus=self.corpus,
            open_source=self.open_source,
            ensure_indexes=self._ensure_indexes,
        )

    @cached_property
    def demo(self) -> Demo:
        from ledger.flows.demo import Demo

        return Demo(
            folder=self.data_dir / "demo",
            open_source=self.open_source,
            ingestion=self.ingestion,
            calibrations=self.recalibration,
            verification=self.verification,
            catalogue=self.catalogue,
            records=self.records,
            publish=self.settle,
            log_vkey=self.log_vkey,
        )

    @cached_property
    def recompute(self) -> LocalRecompute:
        from ledger.flows.recompute import LocalRecompute

        return LocalRecompute(
            images=self.images,
            fingerprinter=self.fingerprinter,
            index=lambda: self.index,
            calibrations=lambda: self.calibration_store,
        )

    @cached_property
    def administration(self) -> Administration:
        from ledger.flows.administration import Administration

        return Administration(
            database=lambda: self.unchecked_database,
            entries=lambda: self.entries,
            projector=lambda: self.projector,
            checkpoint=lambda: self.records.signed_checkpoint(),  # noqa: PLW0108 - `records` opens the log, the lambda does not
        )

    def open_source(self, spec: str, labels: Path | None = None) -> Source:
        from ledger.corpus.source_spec import open_source

        return open_source(spec, labels, self.images.rasterise)

    # --- what the surfaces ask of the whole ---------------------------------------------------------------------------

    def calibration_file(self, digest: str) -> bytes:
        """Raises NotFoundError (`calibration-not-found`)."""
        stored = self.calibration_store.by_digest(digest)
        if stored is None:
            raise NotFoundError(f"there is no calibration {digest}", code="calibration-not-found")
        return stored.document

    def specification(self, digest: str) -> dict[str, Any]:
        """Raises NotFoundError (`spec-unknown`)."""
        from ledger.storage.specs import spec_document

        return spec_document(self.database, digest)

    def service_document(self) -> dict[str, Any]:
        """`/.well-known/artledger.json` (FORMAT.md, Shapes that stay)."""
        policy = self.witness_policy
        return {
            "origin": self.origin,
            "log_vkey": self.log_vkey,
            "record_keys": self.record_keys,
            "witnesses": [] if policy is None else [str(key) for key in policy.witness_keys],
            "specs": [self.spec.digest],
            "calibrations": self.calibration_store.digests(),
            "policy": None,
        }

    @property
    def record_keys(self) -> list[str]:
        """Raw public keys, in hex, that the log announces for the service's records and has not revoked."""
        good = [state for state in self.keys.states() if state.revoked_index is None and state.role == "service"]
        return [state.public_key for state in good]

    def readiness(self) -> dict[str, Any]:
        """What `/readyz` says: each part with `ok` or what is wrong, and how far publishing and witnesses are.

        A missing quorum does not make the service unready: records are taken, and their bundles wait.
        """
        checks = {"database": self._database_state(), "publisher": self._publisher_state()}
        return {
            "ready": all(state == "ok" for state in checks.values()),
            "checks": checks,
            "log": self._log_state() if checks["database"] == "ok" else None,
            "witnesses": self._witness_state(),
        }

    def _log_state(self) -> dict[str, Any]:
        """Leaves committed and published (None: not to be read now), and seconds that the oldest statement waits."""
        try:
            signed = self.records.signed_checkpoint()
            published = 0 if signed is None else signed.size
        except LedgerError:
            published = None
        return {
            "committed": self.entries.head().size,
            "published": published,
            "queue_age": round(self.sequencer.queue_age(), 3) if "sequencer" in self.__dict__ else 0.0,
        }

    def _witness_state(self) -> dict[str, Any] | None:
        """None where no policy asks for witnesses. `quorum`: met, missing (the checkpoint waits), or unknown yet."""
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

    def _database_state(self) -> str:
        try:
            self.entries.head()
        except LedgerError as error:
            return f"{error.code}: {error.message}"
        return "ok"

    def _publisher_state(self) -> str:
        error = self.publisher.status.error
        return "ok" if error is None else f"{error.code}: {error.message}"

    @contextmanager
    def run_background(self) -> Iterator[None]:
        """While it lasts, what is committed is published within about a second (`serve` holds it)."""
        stop = threading.Event()
        publisher = self.publisher
        thread = threading.Thread(
            target=publisher.run, args=(stop,), kwargs={"interval": self.settings.publish_interval}, name="publisher"
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            publisher.wake()
            thread.join()
