"""Database maintenance: migrates the schema, rebuilds the projections, compares everything with everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ledger.audit.checks import Audit, attempt
from ledger.errors import IntegrityError
from ledger.flows.progress import Progress, silent
from ledger.log.checkpoint import SignedCheckpoint
from ledger.log.merkle import CompactRange, leaf_hash
from ledger.storage.database import Database
from ledger.storage.log.difference import first_difference
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.projections import Projector
from ledger.storage.schema import check_schema, upgrade

MANY = 2_000
"""Entries between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Administration:
    """`entries`, `projector` and `checkpoint` are used only once the schema is up to date."""

    database: Callable[[], Database]
    """The database, whatever its schema version."""
    entries: Callable[[], PostgresEntryStore]
    projector: Callable[[], Projector]
    checkpoint: Callable[[], SignedCheckpoint | None]
    """The published checkpoint."""

    def upgrade(self) -> bool:
        """Creates or migrates the schema; returns whether anything changed. Raises ConflictError, PushbackError."""
        return upgrade(self.database())

    def rebuild(self, progress: Progress = silent) -> int:
        """Drops every projection and makes it again from the entries; returns how many entries there are."""
        return self.projector().rebuild(lambda done, total: progress("rebuilding projections", done, total))

    def check(self, progress: Progress = silent) -> Audit:
        """Checks schema, entries, published checkpoint and projections, and names the first difference in each.

        Raises PushbackError when the database cannot be reached, so that nothing was compared.
        """
        with self.database().begin():
            pass
        schema = attempt("schema", self._schema)
        if schema.code is not None:
            return Audit("database", (schema,))
        return Audit(
            "database",
            (
                schema,
                attempt("entries", partial(self._entries, progress)),
                attempt("published checkpoint", self._published),
                attempt("projections", self._projections),
            ),
        )

    def _schema(self) -> str:
        check_schema(self.database())
        return "the server and the schema fit this version"

    def _entries(self, progress: Progress) -> str:
        store = self.entries()
        head = store.head()
        tree = self._tree(head.size, progress)
        if (tree.size, tree.root()) != (head.size, head.root):
            raise IntegrityError(
                f"the entries give a tree of {tree.size} with root {tree.root().hex()}, "
                f"but the head row says {head.size} and {head.root.hex()}",
                code="entry-altered",
            )
        return f"{head.size:,} entries lead to root {head.root.hex()}"

    def _tree(self, size: int, progress: Progress = silent) -> CompactRange:
        tree = CompactRange()
        hashes: list[bytes] = []
        for entry in self.entries().read(0, size):
            made = leaf_hash(entry.envelope)
            if made != entry.leaf_hash:
                raise IntegrityError(
                    f"entry {entry.leaf_index}: its bytes hash to {made.hex()}, but the stored hash is "
                    f"{entry.leaf_hash.hex()}",
                    code="entry-altered",
                )
            hashes.append(made)
            if len(hashes) == MANY:
                tree, hashes = tree.extend(hashes), []
                progress("reading entries", tree.size, size)
        return tree.extend(hashes)

    def _published(self) -> str:
        signed = self.checkpoint()
        if signed is None:
            return "nothing is published yet"
        tree = self._tree(signed.size)
        if (tree.size, tree.root()) != (signed.size, signed.root):
            raise IntegrityError(
                f"the published checkpoint has {signed.size} entries and root {signed.root.hex()}; "
                f"the database gives {tree.size} and {tree.root().hex()}",
                code="forked",
                hint="The database is older than the published log, or was altered. Nothing is signed until it is "
                "restored.",
            )
        return f"the checkpoint of {signed.size:,} entries matches the beginning of the database"

    def _projections(self) -> str:
        self.projector().catch_up()
        difference = first_difference(self.database())
        if difference is not None:
            raise IntegrityError(
                f"projections differ from the entries: {difference}",
                code="projection-differs",
                hint="Run: artledger db rebuild",
            )
        return "every projection matches the entries"
