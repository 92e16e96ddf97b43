"""Replays a whole tlog-tiles log, ours or anybody's, and trusts only the log's key.

The plan: (1) the log signed the checkpoint, and (2) witnesses cosigned it as the policy requires; (3) the hash tiles
give its root; (4) it extends the last checkpoint that this auditor verified; (5) every entry agrees with its tile, and
in an Artledger log every record is signed, well-formed and refers to earlier entries; (6) in a folder, older tiles and
checkpoints agree too; (7) the checkpoint is stored. The audit names the first error and checks nothing after it.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ledger.audit.checks import Audit, Outcome, Step, until_failure
from ledger.audit.entries import EntryChecker
from ledger.audit.whole_log.audit_state import AuditState
from ledger.audit.whole_log.chunks import Done, Leaf, Task
from ledger.audit.whole_log.parallel import Log, run_in_order
from ledger.audit.whole_log.superseded import SupersededObjects
from ledger.audit.whole_log.tiles import TileAuthority
from ledger.errors import NotFoundError, VerificationError
from ledger.log.checkpoint import SignedCheckpoint, open_checkpoint
from ledger.log.fetch import FolderLog, open_log
from ledger.log.merkle import EMPTY_ROOT
from ledger.log.objects import ObjectReader
from ledger.log.tiles import CHECKPOINT_PATH, Tile, level_tiles
from ledger.log.vkey import VerifierKey
from ledger.log.witness_policy import WitnessPolicy

_BUNDLES_PER_CHUNK = 8
_FEW_BUNDLES = 8
"""Up to this many bundles, starting processes takes longer than the work."""
_SAVE_EVERY = 5.0
"""Seconds between two saves of a replay's progress."""

Progress = Callable[[int, int], None]
"""(entries verified so far, entries in all)"""


@dataclass(frozen=True, slots=True)
class LogAudit:
    """The outcome of a replay."""

    audit: Audit
    signed: SignedCheckpoint | None
    """The audited checkpoint, if its signature was valid."""
    entries: int
    """Entries verified in this run, or in an earlier run that this one continued."""
    seconds: float


def replay_log(
    location: str,
    log_key: VerifierKey,
    *,
    state_dir: Path | None = None,
    policy: WitnessPolicy | None = None,
    checker: EntryChecker | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> LogAudit:
    """Audits the log in a folder, at a file:// or http(s) URL.

    `state_dir` stores the last verified checkpoint and lets a replay continue where an earlier one stopped. With
    `checker` (a new one), entries are checked as Artledger records. `jobs`: number of processes (default: one per
    core). An error of the log becomes a failed check; an unreachable object, one that was not checked. Raises
    InputError for an invalid location, NotFoundError when there is no checkpoint, PushbackError when it cannot be read,
    ConflictError for an unusable `state_dir`.
    """
    started = time.monotonic()
    with contextlib.closing(open_log(location)) as objects:
        opening = _Opening(location, objects, served_checkpoint(location, objects), log_key, policy)
        checks = list(until_failure(opening.steps()))
        verified = 0
        if opening.signed is not None and all(check.outcome is Outcome.PASSED for check in checks if check.essential):
            memory = None if state_dir is None else AuditState(state_dir, log_key)
            cores = jobs or os.cpu_count() or 1
            replay = _Replay(opening, opening.signed, memory=memory, checker=checker, progress=progress, jobs=cores)
            checks += until_failure(replay.steps())
            verified = replay.verified
    audit = Audit(f"log {log_key.name}", tuple(checks))
    return LogAudit(audit, opening.signed, verified, time.monotonic() - started)


def served_checkpoint(location: str, objects: ObjectReader) -> bytes:
    """The served checkpoint. Raises NotFoundError (`no-checkpoint`), PushbackError when it cannot be read."""
    data = objects.get(CHECKPOINT_PATH)
    if data is None:
        raise NotFoundError(
            f"there is no checkpoint at {location}",
            code="no-checkpoint",
            hint="Give the prefix below which the log serves `checkpoint` and `tile/`.",
        )
    return data


class _Opening:
    """Steps 1 and 2: verify the checkpoint to replay."""

    def __init__(
        self, location: str, objects: Log, data: bytes, log_key: VerifierKey, policy: WitnessPolicy | None
    ) -> None:
        self.location = location
        self.objects = objects
        self.log_key = log_key
        self.signed: SignedCheckpoint | None = None
        self._data = data
        self._policy = policy

    def steps(self) -> Iterator[Step]:
        yield "checkpoint", self._open
        if self._policy is None or self.signed is None:
            yield "witnesses", "no policy was given" if self._policy is None else "the checkpoint was not verified"
        else:
            yield "witnesses", partial(_require_quorum, self._policy, self.signed)

    def _open(self) -> str:
        witnesses = [] if self._policy is None else self._policy.witness_keys
        self.signed = open_checkpoint(self._data, self.log_key, witnesses)
        return f"size {self.signed.size}, root {self.signed.root.hex()}, signed by {self.log_key.name}"


def _require_quorum(policy: WitnessPolicy, signed: SignedCheckpoint) -> str:
    policy.require_quorum(signed)
    names = ", ".join(each.key.name for each in signed.cosignatures)
    return f"cosigned by {names}" if names else "the policy asks for no cosignature"


class _Replay:
    """Steps 3 to 7, under one signed checkpoint."""

    def __init__(
        self,
        opening: _Opening,
        signed: SignedCheckpoint,
        *,
        memory: AuditState | None,
        checker: EntryChecker | None,
        progress: Progress | None,
        jobs: int,
    ) -> None:
        self._location = opening.location
        self._objects = opening.objects
        self._key = opening.log_key
        self._signed = signed
        self._authority = TileAuthority(opening.objects, signed)
        self._memory = memory
        self._checker = checker
        self._progress = progress
        self._jobs = jobs
        self._first = 0
        self._saved = 0
        self._admitted: list[Leaf] = []
        self.verified = 0

    def steps(self) -> Iterator[Step]:
        yield "tiles", self._check_tiles
        if self._memory is None:
            yield "consistency", "without a state folder nothing is remembered between audits"
        else:
            yield "consistency", partial(self._check_consistency, self._memory)
        if self._checker is None:
            yield "entries", self._check_entries
            yield "records", "the entries were not to be checked as Artledger records"
        else:
            yield "entries and records", self._check_entries
        if isinstance(self._objects, FolderLog):
            yield "older objects", partial(self._check_superseded, self._objects)
        else:
            yield "older objects", "only a folder can be listed"
        if self._memory is not None:
            yield "remembered", partial(self._remember, self._memory)

    def _check_tiles(self) -> str:
        if self._signed.size == 0 and self._signed.root != EMPTY_ROOT:
            raise VerificationError(
                f"the empty log: expected root {EMPTY_ROOT.hex()}, got {self._signed.root.hex()}", code="root-mismatch"
            )
        self._authority.require_root()
        return f"the hash tiles give the root of {self._signed.size} entries"

    def _check_consistency(self, memory: AuditState) -> str:
        """Requires that the log extends the one verified before."""
        last, partly, records = memory.last_good(), memory.progress(), memory.records.verified()
        known = [(each.size, each.root) for each in (last, partly) if each is not None]
        for size, root in [*known, *([records] if records else [])]:
            self._require_beginning(size, root)
        if self._checker is None:
            self._first = max((size for size, _ in known), default=0)
        elif records is not None:
            memory.records.restore(self._checker)
            self._first = records[0]
        self._saved = self._first
        if last is None:
            return "no earlier audit is remembered"
        return f"extends the log of {last.size} entries that was verified before"

    def _require_beginning(self, size: int, root: bytes) -> None:
        if size > self._signed.size:
            raise VerificationError(
                f"this log had {size} entries before, but its checkpoint now has {self._signed.size}", code="log-shrunk"
            )
        now = self._authority.root_at(size)
        if now != root:
            raise VerificationError(
                f"the log forked: the first {size} entries had root {root.hex()} before, now {now.hex()}",
                code="log-forked",
                hint="Keep the remembered checkpoint and the served one. Together they prove it.",
            )

    def _check_entries(self) -> str:
        self.verified = self._first
        saved = time.monotonic()
        self._report()
        try:
            for done in self._chunks():
                self._admit(done)
                self._report()
                if time.monotonic() - saved > _SAVE_EVERY:
                    self._save()
                    saved = time.monotonic()
        finally:
            self._save()
        before = f", the first {self._first} of them in an earlier audit" if self._first else ""
        return f"{self._signed.size} entries stand in their tiles{before}"

    def _chunks(self) -> Iterator[Done]:
        bundles = list(level_tiles(None, self._first, self._signed.size))
        jobs = 1 if len(bundles) <= _FEW_BUNDLES else self._jobs
        # The first records announce the keys of the others, so check them before tasks go to other processes.
        ahead = 0 if self._checker is None else 1
        yield from run_in_order(self._objects, self._location, self._tasks(bundles[:ahead]), 1)
        yield from run_in_order(self._objects, self._location, self._tasks(bundles[ahead:]), jobs)

    def _tasks(self, bundles: list[Tile]) -> Iterator[Callable[[], Task]]:
        for start in range(0, len(bundles), _BUNDLES_PER_CHUNK):
            yield partial(self._task, tuple(bundles[start : start + _BUNDLES_PER_CHUNK]))

    def _task(self, bundles: tuple[Tile, ...]) -> Task:
        roots = tuple(self._authority.expected_root(Tile(0, each.index, each.width)) for each in bundles)
        keys = None if self._checker is None else dict(self._checker.keys)
        return Task(bundles, roots, keys, self._key.name)

    def _admit(self, done: Done) -> None:
        if self._checker is not None:
            # The first bundle may begin with leaves that an earlier audit has checked.
            new = done.leaves(self._first)
            for index, leaf in enumerate(new, done.end - len(new)):
                self._checker.admit(index, leaf.leaf_hash, leaf.entry, leaf.examined)
            if self._memory is not None:
                self._admitted += new
        self.verified = done.end

    def _report(self) -> None:
        if self._progress is not None:
            self._progress(self.verified, self._signed.size)

    def _save(self) -> None:
        """Saves the replay's progress, with the state that later records need."""
        if self._memory is None or self.verified <= self._saved:
            return
        root = self._authority.root_at(self.verified)
        if self._checker is None:
            self._memory.save_progress(self.verified, root)
        else:
            self._memory.records.save(self._saved, self._admitted, root)
            self._admitted = []
        self._saved = self.verified

    def _check_superseded(self, folder: FolderLog) -> str:
        agreeing, other = SupersededObjects(folder, self._key, self._signed, self._authority).run()
        return f"{agreeing} older tiles and checkpoints agree; {other} other files"

    def _remember(self, memory: AuditState) -> str:
        memory.save_good(self._signed)
        return f"size {self._signed.size} is remembered"
