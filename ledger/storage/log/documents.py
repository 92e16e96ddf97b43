"""Public documents that records name by digest: policies, models, manifests, statements of use."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.log.entry import Alongside
from ledger.storage.database import Database

DocumentKind = Literal["policy", "model", "manifest", "usage"]

_INSERT = sa.text(
    "INSERT INTO document (kind, digest, body) SELECT :kind, :digest, :body"
    " WHERE NOT EXISTS (SELECT FROM document WHERE kind = :kind AND digest = :digest) ON CONFLICT DO NOTHING"
)


class DocumentStore:
    """Documents, which never change. `digest` in hex, as in records: the SHA-256 of the bytes; for a manifest, its
    root.

    Every method raises PushbackError when the database cannot be reached.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, kind: DocumentKind, digest: str, body: bytes) -> None:
        """Stores a document unless it exists."""
        with self._database.begin() as connection:
            self.writer(kind, digest, body)(connection)

    def writer(self, kind: DocumentKind, digest: str, body: bytes) -> Alongside:
        """Writes a document in the transaction that appends its record."""

        def write(connection: Connection) -> None:
            connection.execute(_INSERT, {"kind": kind, "digest": bytes.fromhex(digest), "body": body})

        return write

    def get(self, kind: DocumentKind, digest: str) -> bytes | None:
        """The document's bytes, or None."""
        with self._database.begin() as connection:
            found = connection.execute(
                sa.text("SELECT body FROM document WHERE kind = :kind AND digest = :digest"),
                {"kind": kind, "digest": bytes.fromhex(digest)},
            ).scalar()
        return None if found is None else bytes(found)
