"""The database, embedded or named by a setting, and the stores that use it."""

from __future__ import annotations

import re
import secrets
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.errors import InputError
from ledger.settings import Settings

if TYPE_CHECKING:
    from ledger.fingerprint.spec import FingerprintSpec
    from ledger.fingerprint.style_models import StyleModels
    from ledger.storage.database import Database
    from ledger.storage.log.documents import DocumentStore
    from ledger.storage.log.entries import PostgresEntryStore
    from ledger.storage.log.projections import Projector
    from ledger.storage.log.records import RecordStore
    from ledger.storage.people.accounts import AccountStore
    from ledger.storage.people.names import NameStore
    from ledger.storage.search.calibrations import CalibrationStore
    from ledger.storage.search.candidates import PgVectorIndex
    from ledger.storage.search.classifiers import ClassifierStore
    from ledger.storage.search.generated_pictures import GeneratedPictureStore
    from ledger.storage.search.likenesses import LikenessStore
    from ledger.storage.search.null_queries import NullQueryStore
    from ledger.storage.works.browse import WorkBrowser
    from ledger.storage.works.corpus import CorpusStore
    from ledger.storage.works.duplicates import DuplicateStore
    from ledger.storage.works.erasure import Erasure
    from ledger.storage.works.hands import HandStore
    from ledger.storage.works.opt_outs import OptOutStore
    from ledger.storage.works.spread import SpreadReader
    from ledger.storage.works.works import WorkReader


class Store:
    """Settings, the data folder, the database, and the parts that read and write it."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self.settings = settings
        self._stack = stack

    @cached_property
    def data_dir(self) -> Path:
        folder = self.settings.data_dir.expanduser().absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"the data folder {folder} cannot be made: {error.strerror}",
                code="data-folder",
                hint="Name another folder: --data FOLDER",
            ) from error
        return folder

    @property
    def has_database(self) -> bool:
        """Whether a database is named or exists already. Reading `database` would make the embedded one."""
        return self.settings.database_url is not None or (self.settings.data_dir.expanduser() / "postgres").is_dir()

    @property
    def names_at_hand(self) -> NameStore | None:
        """Names of artists, accounts and works for completion in a shell; None where reading them would start a
        server."""
        from ledger.storage.database import Database
        from ledger.storage.embedded import running_url
        from ledger.storage.people.names import NameStore

        if self.settings.database_url is not None:
            url: str | None = self.settings.database_url.get_secret_value()
        else:
            url = running_url(self.settings.data_dir.expanduser())
        return None if url is None else NameStore(self._stack.enter_context(Database(url)))

    @cached_property
    def unchecked_database(self) -> Database:
        """The database, whatever its schema version, for `db upgrade`."""
        from ledger.storage.database import Database
        from ledger.storage.embedded import EmbeddedServer

        if self.settings.database_url is not None:
            return self._stack.enter_context(Database(self.settings.database_url.get_secret_value()))
        server = self._stack.enter_context(EmbeddedServer(self.data_dir, run_as=self.settings.postgres_user))
        return self._stack.enter_context(Database(server.url(), service_url=server.service_url()))

    @cached_property
    def database(self) -> Database:
        """The database, ready for use. The embedded one is migrated automatically, others only by `artledger db
        upgrade`."""
        from ledger.storage.schema import check_schema, upgrade

        database = self.unchecked_database
        if self.settings.database_url is None:
            upgrade(database)
        check_schema(database)
        return database

    @cached_property
    def entries(self) -> PostgresEntryStore:
        from ledger.storage.log.entries import PostgresEntryStore

        store = PostgresEntryStore(self.database)
        store.create_log(_named(self.settings.origin) or f"localhost/artledger/{secrets.token_hex(4)}")
        return store

    @cached_property
    def spec(self) -> FingerprintSpec:
        from ledger.fingerprint.spec import spec_with

        return spec_with(self.style_models)

    @cached_property
    def style_models(self) -> StyleModels | None:
        """CLIP and VAE, which compare style; None where the profile has none."""
        from ledger.fingerprint.style_models import StyleModels, shipped_style_models

        if self.settings.style_models is not None:
            return StyleModels.in_folder(self.settings.style_models)
        if self.settings.profile == "studio":
            return shipped_style_models()
        from ledger.generate.hub import encoder_folder
        from ledger.generate.profiles import ENCODERS

        sources = ENCODERS[self.settings.profile]
        clip = encoder_folder(sources.clip)
        return StyleModels(clip, clip, encoder_folder(sources.vae))

    @cached_property
    def projector(self) -> Projector:
        from ledger.storage.log.projections import Projector

        return Projector(self.database)

    @cached_property
    def corpus(self) -> CorpusStore:
        from ledger.storage.works.corpus import CorpusStore

        return CorpusStore(self.database, self.projector, self.spec)

    @cached_property
    def hands(self) -> HandStore:
        from ledger.storage.works.hands import HandStore

        return HandStore(self.database, self.projector, self.spec)

    @cached_property
    def classifiers(self) -> ClassifierStore:
        from ledger.storage.search.classifiers import ClassifierStore

        return ClassifierStore(self.database, self.projector)

    @cached_property
    def browser(self) -> WorkBrowser:
        from ledger.storage.works.browse import WorkBrowser

        return WorkBrowser(self.database, self.projector)

    @cached_property
    def likenesses(self) -> LikenessStore:
        from ledger.storage.search.likenesses import LikenessStore

        return LikenessStore(self.database)

    @cached_property
    def spread(self) -> SpreadReader:
        from ledger.storage.works.spread import SpreadReader

        return SpreadReader(self.database, self.projector)

    @cached_property
    def works(self) -> WorkReader:
        from ledger.storage.works.works import WorkReader

        return WorkReader(self.database, self.projector)

    @cached_property
    def index(self) -> PgVectorIndex:
        from ledger.storage.search.candidates import PgVectorIndex

        return PgVectorIndex(self.database, self.projector, self.spec)

    @cached_property
    def opt_outs(self) -> OptOutStore:
        from ledger.storage.works.opt_outs import OptOutStore

        return OptOutStore(self.database, self.projector)

    @cached_property
    def erasure(self) -> Erasure:
        from ledger.storage.works.erasure import Erasure

        return Erasure(self.database)

    @cached_property
    def duplicates(self) -> DuplicateStore:
        from ledger.storage.works.duplicates import DuplicateStore

        return DuplicateStore(self.database, self.projector, self.spec)

    @cached_property
    def generated_pictures(self) -> GeneratedPictureStore:
        from ledger.storage.search.generated_pictures import GeneratedPictureStore

        return GeneratedPictureStore(self.database, self.spec)

    @cached_property
    def records(self) -> RecordStore:
        from ledger.storage.log.records import RecordStore

        return RecordStore(self.database, self.projector)

    @cached_property
    def accounts(self) -> AccountStore:
        from ledger.storage.people.accounts import AccountStore

        return AccountStore(self.database)

    @cached_property
    def documents(self) -> DocumentStore:
        from ledger.storage.log.documents import DocumentStore

        return DocumentStore(self.database)

    @cached_property
    def null_queries(self) -> NullQueryStore:
        from ledger.storage.search.null_queries import NullQueryStore

        return NullQueryStore(self.database, self.projector, self.spec)

    @cached_property
    def calibrations(self) -> CalibrationStore:
        from ledger.storage.search.calibrations import CalibrationStore

        return CalibrationStore(self.database, self.projector)


def _named(origin: str | None) -> str | None:
    """Raises InputError (`settings`) for an origin that cannot name a log, because statements repeat it (FORMAT.md,
    Log)."""
    from ledger.record.values import ORIGIN_PATTERN

    if origin is not None and re.fullmatch(ORIGIN_PATTERN, origin) is None:
        raise InputError(
            f"ARTLEDGER_ORIGIN is {origin[:80]!r}: expected 1 to 255 printable ASCII characters, no space and no +",
            code="settings",
            hint="For example: log.example.org/art",
        )
    return origin
