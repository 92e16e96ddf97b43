"""Restores a ledger's database from the log that it published, where the database is lost and the tiles are not.

The steps: (1) check that the log is the configured one, by name and key; (2) check that the database is empty, or, if
the caller allows it, holds the beginning of this log; (3) replay the published log as an auditor does; (4) check that
it is not older than the last checkpoint that this installation signed; (5) write its entries in batches, each compared
with the audited tree; (6) rebuild the projections. Nothing is written before (5). If (5) is interrupted, the database
holds a complete beginning of the log, and the next run continues from there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from ledger.audit.checks import AuditVerdict, Outcome
from ledger.audit.entries import EntryChecker
from ledger.audit.whole_log.replay import LogAudit, replay_log
from ledger.audit.whole_log.tiles import TileAuthority
from ledger.errors import ConflictError, IntegrityError, PushbackError, VerificationError
from ledger.flows.progress import Progress, silent
from ledger.log.checkpoint import SignedCheckpoint
from ledger.log.entry import TreeHead
from ledger.log.fetch import open_log
from ledger.log.last_checkpoint import LastCheckpoint
from ledger.log.objects import ObjectReader
from ledger.log.reader import read_tile
from ledger.log.tiles import Tile, level_tiles, unpack_entries
from ledger.log.vkey import VerifierKey
from ledger.log.witness_policy import WitnessPolicy
from ledger.storage.log.projections import Projector
from ledger.storage.log.restore import EntryRestore

BATCH = 8
"""Entry bundles written in one transaction. Each has up to 256 entries."""
_PARALLEL_READS = 8
NOT_ON_THE_LOG = (
    "names of artists; titles, credit lines, labels and previews of works",
    "fingerprints of works and of generated pictures",
    "accounts and tokens",
    "calibration files, policies, descriptions of models, manifests, statements of use",
    "texts of claims and responses, the opt-out list, groups of copies",
    "the time when each entry was appended (the time in its statement is used instead)",
)
"""What a restored database lacks (docs/operators/backup.md)."""


@dataclass(frozen=True, slots=True)
class RestoreSummary:
    origin: str
    size: int
    """Entries in the restored log."""
    root: str
    """Root of its tree, in hex."""
    written: int
    """Entries that this run wrote. The others were in the database before."""
    unfingerprinted: int
    """Registered works that are not withdrawn and have no fingerprint here, so comparing pictures cannot find them."""
    not_on_the_log: tuple[str, ...] = NOT_ON_THE_LOG

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Restoring:
    """`log_key`: the raw public key that this installation signs checkpoints with; None where it has none yet."""

    store: EntryRestore
    projector: Projector
    log_key: Callable[[], bytes | None]
    configured_origin: str | None
    last_checkpoint: Path
    policy: WitnessPolicy | None
    unfingerprinted: Callable[[], int]

    def run(
        self, location: str, key: VerifierKey, *, onto: bool = False, progress: Progress = silent
    ) -> RestoreSummary:
        """Fills the database from the log in a folder or at a URL. `key` is the log's verifier key.

        `onto`: accept a database that holds the beginning of this log. Raises ConflictError (`other-log`, `other-key`,
        `log-key-missing`, `database-not-empty`, `database-ahead`, `log-moved`), VerificationError (`log-refuted`,
        `root-mismatch`), IntegrityError (`log-behind`, `forked`), PushbackError when the log or the database cannot be
        reached, and as `replay_log` does.
        """
        self._require_configured(key)
        head = self.store.head(key.name, onto=onto)
        signed = self._audited(location, key, progress)
        seen = LastCheckpoint(self.last_checkpoint, key)
        with contextlib.closing(open_log(location)) as objects:
            authority = TileAuthority(objects, signed)
            authority.require_root()
            self._require_newest(authority, signed, seen.load())
            _require_beginning(authority, signed, head)
            self.store.create(key.name)
            self._write(objects, authority, head, signed.size, progress)
        seen.advance(signed)
        self.projector.rebuild(partial(progress, "rebuilding projections"))
        return RestoreSummary(
            origin=key.name,
            size=signed.size,
            root=signed.root.hex(),
            written=signed.size - head.size,
            unfingerprinted=self.unfingerprinted(),
        )

    def _require_configured(self, key: VerifierKey) -> None:
        """1. Otherwise this installation would continue another log after the restored entries."""
        if self.configured_origin not in (None, key.name):
            raise ConflictError(
                f"ARTLEDGER_ORIGIN is {self.configured_origin}, the log to be restored is {key.name}", code="other-log"
            )
        own = self.log_key()
        if own is None:
            raise ConflictError(
                "this data folder has no log key, so the restored log could not go on here",
                code="log-key-missing",
                hint="First restore the folder `keys` from its backup (keys/log.pem, keys/record.pem).",
            )
        if own != key.public:
            raise ConflictError(
                f"the log key in this data folder is not {key}",
                code="other-key",
                hint="Restore the `keys` folder of that log, or name that log's data folder with --data.",
            )

    def _audited(self, location: str, key: VerifierKey, progress: Progress) -> SignedCheckpoint:
        """3. The checkpoint of a log that passes an audit."""
        outcome = replay_log(
            location,
            key,
            policy=self.policy,
            checker=EntryChecker(key.name),
            progress=partial(progress, "verifying entries"),
        )
        if outcome.audit.verdict is not AuditVerdict.VERIFIED or outcome.signed is None:
            raise _refused(location, outcome)
        return outcome.signed

    def _require_newest(
        self, authority: TileAuthority, signed: SignedCheckpoint, known: SignedCheckpoint | None
    ) -> None:
        """4. Later checkpoints that this installation signed must not be lost, because other people may hold them."""
        if known is None:
            return
        if known.size > signed.size:
            raise IntegrityError(
                f"the log to restore has {signed.size} entries, but this installation has signed a checkpoint of "
                f"{known.size}",
                code="log-behind",
                hint="Restore from a newer copy. Going on from this one would fork the log.",
            )
        if authority.root_at(known.size) != known.root:
            raise IntegrityError(
                f"the log to restore is another one than that whose checkpoint of {known.size} entries was signed here",
                code="forked",
                hint=f"Keep both as evidence: this log's checkpoint and {self.last_checkpoint} contradict each other.",
            )

    def _write(
        self, objects: ObjectReader, authority: TileAuthority, head: TreeHead, size: int, progress: Progress
    ) -> None:
        """5. Writes the entries in batches."""
        progress("restoring entries", head.size, size)
        for envelopes in _batches(objects, head.size, size):
            root = authority.root_at(head.size + len(envelopes))
            head = self.store.append(head, envelopes, root)
            progress("restoring entries", head.size, size)


def _require_beginning(authority: TileAuthority, signed: SignedCheckpoint, head: TreeHead) -> None:
    """2. Checks that the database holds the beginning of this log."""
    if head.size > signed.size:
        raise ConflictError(
            f"the database has {head.size} entries and the published log {signed.size}, so there is nothing to restore",
            code="database-ahead",
        )
    if authority.root_at(head.size) != head.root:
        raise ConflictError(
            f"the {head.size} entries in the database are not the beginning of this log",
            code="other-log",
            hint="Restore into an empty database.",
        )


def _refused(location: str, outcome: LogAudit) -> VerificationError | PushbackError:
    wrong = next(check for check in outcome.audit.checks if check.essential and check.outcome is not Outcome.PASSED)
    message = f"the log at {location} is not restored: {wrong.name}: {wrong.detail}"
    hint = "artledger audit log shows every check. Nothing was written"
    if wrong.outcome is Outcome.FAILED:
        return VerificationError(message, code="log-refuted", hint=hint)
    return PushbackError(message, code="log-unreadable", hint=hint)


def _batches(objects: ObjectReader, start: int, size: int) -> Iterator[list[bytes]]:
    """The entries from index `start` on, a few bundles at a time. The first bundle may begin before `start`."""
    bundles = level_tiles(None, start, size)
    with ThreadPoolExecutor(_PARALLEL_READS) as pool:
        while chunk := list(islice(bundles, BATCH)):
            read = list(pool.map(partial(_entries, objects), chunk))
            skipped = max(0, start - chunk[0].start)
            yield [entry for entries in read for entry in entries][skipped:]


def _entries(objects: ObjectReader, bundle: Tile) -> list[bytes]:
    found, data = read_tile(objects, bundle)
    return unpack_entries(data, found)[: bundle.width]
