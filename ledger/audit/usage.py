"""Counts an artist's uses again from a published log, and compares them with a served statement.

The plan: (1) the file is a statement; (2) the log's checkpoint is signed and covers the statement's entries; (3) the
entries give its root, and each is a valid record at its index; (4) counting the records gives the same statement; (5)
the log has a matching `usage` record of this file; (6) whether later entries belong to the period.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from ledger.audit.checks import Audit, Check, Outcome, Step, until_failure
from ledger.audit.entries import EntryChecker
from ledger.audit.whole_log.replay import Progress, served_checkpoint
from ledger.errors import LedgerError, PushbackError, VerificationError
from ledger.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from ledger.log.fetch import open_log
from ledger.log.merkle import CompactRange, leaf_hash
from ledger.log.note import parse_note
from ledger.log.objects import ObjectReader
from ledger.log.reader import read_tile
from ledger.log.tiles import level_tiles, unpack_entries
from ledger.log.vkey import VerifierKey
from ledger.record import dsse
from ledger.record.predicates import Usage
from ledger.record.statement import Statement, parse_payload
from ledger.record.usage import UsageRow, UsageStatement, UsageTally, parse_statement

STATEMENT = "statement of use"
LATER_LEAVES = "later leaves"


def audit_usage(
    data: bytes, location: str, log_key: VerifierKey | None = None, progress: Progress = lambda _done, _all: None
) -> Audit:
    """Audits the statement in `data` against the log in a folder, at a file:// or http(s) URL.

    Without the log's key, the log's owner is not verified. Raises InputError for an invalid location, NotFoundError
    when there is no checkpoint, PushbackError when it cannot be read.
    """
    try:
        statement = parse_statement(data)
    except LedgerError as error:
        return Audit(STATEMENT, (Check(STATEMENT, Outcome.FAILED, error.message, code=error.code),))
    read = f"of artist {statement.artist_id}, {statement.period.start} to {statement.period.end}"
    with contextlib.closing(open_log(location)) as objects:
        recount = _Recount(statement, objects, served_checkpoint(location, objects), log_key, progress)
        checks = (Check(STATEMENT, Outcome.PASSED, read), *until_failure(recount.steps()))
    return Audit(f"{STATEMENT} {statement.sha256}", checks)


class _Recount:
    """Steps 2 to 6, in one pass over the log."""

    def __init__(
        self,
        statement: UsageStatement,
        objects: ObjectReader,
        served: bytes,
        log_key: VerifierKey | None,
        progress: Progress,
    ) -> None:
        self._statement = statement
        self._objects = objects
        self._served = served
        self._log_key = log_key
        self._progress = progress
        self._tally = UsageTally(statement.artist_id, statement.period)
        self._record: tuple[int, Usage] | None = None
        self._later = 0
        self._checkpoint = Checkpoint("", 0, b"")

    def steps(self) -> Iterator[Step]:
        yield "checkpoint", self._open
        if self._log_key is None:
            yield "signature", "the log's key was not given, so it is unknown whose log this is"
        yield "entries and records", self._read
        yield "counts and shares", self._compare
        yield "usage record", self._require_record
        yield LATER_LEAVES, self._later_leaves()

    def _open(self) -> str:
        if self._log_key is None:
            self._checkpoint = parse_checkpoint(parse_note(self._served).text)
        else:
            self._checkpoint = open_checkpoint(self._served, self._log_key).checkpoint
        origin, size, end = self._checkpoint.origin, self._checkpoint.size, self._statement.leaf_range.end
        if origin != self._statement.origin:
            raise VerificationError(
                f"the statement is about the log {self._statement.origin!r}, but this log is {origin!r}",
                code="other-log",
            )
        if size < end:
            raise PushbackError(
                f"the statement covers {end:,} entries, but only {size:,} are published", code="not-yet-published"
            )
        return f"size {size}, root {self._checkpoint.root.hex()}, of {origin}"

    def _read(self) -> str:
        checker, tree, size = EntryChecker(self._checkpoint.origin), CompactRange(), self._checkpoint.size
        for bundle in level_tiles(None, 0, size):
            found, data = read_tile(self._objects, bundle)
            entries = unpack_entries(data, found)[: bundle.width]
            hashes = [leaf_hash(entry) for entry in entries]
            tree = tree.extend(hashes)
            for index, (entry, digest) in enumerate(zip(entries, hashes, strict=True), bundle.start):
                checker.check(index, digest, entry)
                self._take(index, parse_payload(dsse.parse(entry).payload))
            self._progress(tree.size, size)
        if tree.root() != self._checkpoint.root:
            raise VerificationError(
                f"the entries give root {tree.root().hex()}, the checkpoint says {self._checkpoint.root.hex()}",
                code="root-mismatch",
            )
        return f"{size:,} records, each signed by a key that was valid at its place"

    def _take(self, index: int, statement: Statement) -> None:
        predicate = statement.predicate
        if isinstance(predicate, Usage) and statement.subject_sha256 == self._statement.sha256:
            self._record = self._record or (index, predicate)
        if index < self._statement.leaf_range.end:
            self._tally.add(predicate)
        else:
            self._later += self._tally.counts(predicate)

    def _compare(self) -> str:
        counted = self._tally.statement(self._statement.origin, self._statement.leaf_range.end)
        if counted != self._statement:
            raise VerificationError(_difference(self._statement, counted), code="usage-differs")
        return f"{sum(row.count for row in counted.counts):,} records count, as stated"

    def _require_record(self) -> str:
        if self._record is None:
            raise PushbackError("no entry published so far is a usage record of this file", code="usage-not-on-log")
        index, record = self._record
        told = (record.artist_id, record.period, record.leaf_range, record.counts)
        expected = self._statement
        if told != (expected.artist_id, expected.period, expected.leaf_range, expected.record_counts()):
            raise VerificationError(f"log entry {index} contradicts its file", code="usage-record")
        if index < expected.leaf_range.end:
            raise VerificationError(f"log entry {index} is among the entries that it counts", code="usage-record")
        return f"log entry {index}, record {record.record_id}"

    def _later_leaves(self) -> Callable[[], str] | str:
        if self._later:
            return (
                f"{self._later:,} records of the period that count for this artist were added after the statement: "
                "a new one has them"
            )
        return lambda: "no later entry would have counted"


def _difference(stated: UsageStatement, counted: UsageStatement) -> str:
    """Describes the first row that differs from the log."""
    for row in (*stated.counts, *counted.counts):
        if stated.counts.count(row) != counted.counts.count(row):
            where = "stated, but the log gives another result" if row in stated.counts else "counted, but not stated"
            return f"{_described(row)}: {where}"
    return "the rows are not in the order of FORMAT.md"


def _described(row: UsageRow) -> str:
    by = "verifications" if row.generator_id is None else f"generator {row.generator_id} ({row.origin_of_image})"
    return f"{by}, {row.guard or 'no guard'}, {row.relation.value}: {row.count:,} records, shares {row.share}"
