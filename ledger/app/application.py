"""The whole application. The command line and the API open it, use it and close it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ledger.app.log import Log
from ledger.app.store import Store
from ledger.settings import Settings

if TYPE_CHECKING:
    from ledger.answers.claims import ClaimAnswer
    from ledger.app.documents import Documents
    from ledger.app.people import People
    from ledger.app.pictures import Pictures
    from ledger.app.upkeep import Upkeep
    from ledger.app.works import Works
    from ledger.flows.claims.file import Claims
    from ledger.flows.demo.demo import Demo
    from ledger.flows.records.records import Records


class Application:
    """All groups of parts, as a context manager. Leaving it commits and publishes what is queued, and stops the threads
    that it started."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._stack = ExitStack()
        self.store = Store(settings, self._stack)
        self.log = Log(self.store, self._stack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Publishes what this process appended. If publishing fails now, the next publication includes it."""
        with self._stack:
            self.log.close()

    @property
    def records(self) -> Records:
        return self.log.records

    @cached_property
    def people(self) -> People:
        from ledger.app.people import People

        return People(self.store, self.log)

    @cached_property
    def pictures(self) -> Pictures:
        from ledger.app.pictures import Pictures

        return Pictures(self.store, self.log, self._stack, self._claims_about)

    def _claims_about(self, sha256: str) -> Sequence[ClaimAnswer]:
        from ledger.claim.standing import ClaimsWanted
        from ledger.flows.pictures.headlines import MOST_CLAIMS

        return self.claims.reading.page(ClaimsWanted(sha256=sha256), limit=MOST_CLAIMS).claims

    @cached_property
    def works(self) -> Works:
        from ledger.app.works import Works

        return Works(self.store, self.log, self.people, self.pictures)

    @cached_property
    def claims(self) -> Claims:
        from ledger.app.claims import claims_of

        return claims_of(self.store, self.log, self.people, self.pictures)

    @cached_property
    def documents(self) -> Documents:
        from ledger.app.documents import Documents

        return Documents(self.store)

    @cached_property
    def upkeep(self) -> Upkeep:
        from ledger.app.upkeep import Upkeep

        return Upkeep(self.store, self.log, self.pictures, self.works)

    @cached_property
    def demo(self) -> Demo:
        from ledger.flows.demo.demo import Demo
        from ledger.flows.demo.generation import DemoGeneration

        folder = self.store.data_dir / "demo"
        return Demo(
            folder=folder,
            open_source=self.works.open_source,
            ingestion=self.works.ingestion,
            calibrations=self.pictures.calibrations,
            verification=self.pictures.verification,
            generation=DemoGeneration(folder, lambda: self.pictures.generation, self.records),
            catalogue=self.works.catalogue,
            records=self.records,
            publish=self.log.settle,
            log_vkey=self.log.vkey,
        )

    def service_document(self) -> dict[str, Any]:
        """`/.well-known/artledger.json` (FORMAT.md, Shapes that stay)."""
        witnesses = self.log.witness_policy
        return {
            "origin": self.log.origin,
            "log_vkey": self.log.vkey,
            "record_keys": self.log.record_keys,
            "witnesses": [] if witnesses is None else [str(key) for key in witnesses.witness_keys],
            "specs": [self.store.spec.digest],
            "calibrations": self.store.calibrations.digests(),
            "policy": self.pictures.policy.digest,
        }

    @contextmanager
    def run_background(self) -> Iterator[None]:
        """Runs the background work of `serve` while the context lasts.

        Committed entries are published within about a second, and the corpus is calibrated again when it has changed by
        a tenth. Webhooks are sent notices. Pictures that nobody confirmed are erased, and deleted rows of withdrawn
        works are erased from the disk.
        """
        stop = threading.Event()
        publisher = self.log.publisher
        interval = {"interval": self.settings.publish_interval}
        threads = [
            threading.Thread(target=publisher.run, args=(stop,), kwargs=interval, name="publisher"),
            threading.Thread(target=self.upkeep.background_calibration.run, args=(stop,), name="calibration"),
            threading.Thread(target=self.upkeep.erase_unconfirmed, args=(stop,), name="unconfirmed"),
            threading.Thread(target=self.people.webhooks.run, args=(stop,), name="webhooks"),
            threading.Thread(target=self.upkeep.disk_erasure.run, args=(stop,), name="disk-erasure"),
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            publisher.wake()
            for thread in threads:
                thread.join()
