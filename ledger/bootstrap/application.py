"""The whole: opened, used by the surfaces, closed."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from ledger.bootstrap.claims import ClaimParts
from ledger.bootstrap.registration import RegistrationParts
from ledger.errors import LedgerError, NotFoundError


class Application(RegistrationParts, ClaimParts):
    """Everything wired, as a context manager. Leaving it commits and publishes what is queued, and stops what it
    started."""

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

    def calibration_file(self, digest: str) -> bytes:
        """Raises NotFoundError (`calibration-not-found`)."""
        stored = self.calibration_store.by_digest(digest)
        if stored is None:
            raise NotFoundError(f"there is no calibration {digest}", code="calibration-not-found")
        return stored.document

    def specification(self, digest: str) -> dict[str, Any]:
        """Raises NotFoundError (`spec-unknown`)."""
        from ledger.storage.search.specs import spec_document

        return spec_document(self.database, digest)

    def policy_file(self, digest: str) -> bytes:
        """Raises NotFoundError (`policy-not-found`), also where what is kept is not what has that digest."""
        found = self.documents.get("policy", digest)
        if found is None or hashlib.sha256(found).hexdigest() != digest:
            raise NotFoundError(f"there is no policy {digest}", code="policy-not-found")
        return found

    def service_document(self) -> dict[str, Any]:
        """`/.well-known/artledger.json` (FORMAT.md, Shapes that stay)."""
        witnesses = self.witness_policy
        return {
            "origin": self.origin,
            "log_vkey": self.log_vkey,
            "record_keys": self.record_keys,
            "witnesses": [] if witnesses is None else [str(key) for key in witnesses.witness_keys],
            "specs": [self.spec.digest],
            "calibrations": self.calibration_store.digests(),
            "policy": self.policy.digest,
        }

    @property
    def record_keys(self) -> list[str]:
        """Raw public keys, in hex, that the log announces for the service's records and has not revoked."""
        good = [state for state in self.keys.states() if state.revoked_index is None and state.role == "service"]
        return [state.public_key for state in good]

    def readiness(self) -> dict[str, Any]:
        """What `/readyz` says: each part with `ok` or what is wrong, and how far publishing and witnesses are.

        A missing quorum does not make the service unready: records are taken, and their bundles wait. Nor does a
        calibration that the corpus has outgrown: it is made anew meanwhile, and records name the one that they used.
        """
        checks = {"database": self._database_state(), "publisher": self._publisher_state()}
        return {
            "ready": all(state == "ok" for state in checks.values()),
            "checks": checks,
            "log": self._log_state() if checks["database"] == "ok" else None,
            "calibration": self._calibration_state() if checks["database"] == "ok" else None,
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

    def _calibration_state(self) -> dict[str, Any]:
        try:
            return self.background_calibration.state().to_json()
        except LedgerError as error:
            return {"state": "failed", "detail": f"{error.code}: {error.message}"}

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
        """While it lasts (`serve` holds it), what is committed is published within about a second, and the corpus is
        calibrated anew when it has changed by a tenth; pictures that nobody confirmed go,
        and so do from the disk the rows that withdrawals deleted."""
        stop = threading.Event()
        publisher = self.publisher
        interval = {"interval": self.settings.publish_interval}
        threads = [
            threading.Thread(target=publisher.run, args=(stop,), kwargs=interval, name="publisher"),
            threading.Thread(target=self.background_calibration.run, args=(stop,), name="calibration"),
            threading.Thread(target=self.erase_unconfirmed, args=(stop,), name="unconfirmed"),
            threading.Thread(target=self.disk_erasure.run, args=(stop,), name="disk-erasure"),
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
