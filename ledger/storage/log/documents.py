"""Documents that records name by digest and that anybody may read: policies, models, manifests, statements of use."""

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
    """Documents never change. `digest` is what records say, in hex: SHA-256 of the bytes, of a manifest its root.

    Every method raises PushbackError when the database cannot be reached.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, kind: DocumentKind, digest: str, body: bytes) -> None:
        """Keeps a document; one that is there already stays as it is."""
        with self._database.begin() as connection:
            self.writer(kind, digest, body)(connection)

    def writer(self, kind: DocumentKind, digest: str, body: bytes) -> Alongside:
        """What writes a document beside a record's leaf."""

        def write(connection: Connection) -> None:
            connection.execute(_INSERT, {"kind": kind, "digest": bytes.fromhex(digest), "body": body})

        return write

    def get(self, kind: DocumentKind, digest: str) -> bytes | None:
        """The document's bytes; None where there is none."""
        with self._database.begin() as connection:
            found = connection.execute(
                sa.text("SELECT body FROM document WHERE kind = :kind AND digest = :digest"),
                {"kind": kind, "digest": bytes.fromhex(digest)},
            ).scalar()
        return None if found is None else bytes(found)
