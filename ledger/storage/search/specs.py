"""Maps FingerprintSpecs to the small numbers that stored vectors carry."""

from __future__ import annotations

import json
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.errors import NotFoundError
from ledger.storage.database import Database


class Spec(Protocol):
    """The part of `ledger.fingerprint.spec.FingerprintSpec` that storage needs, without importing that room."""

    @property
    def document(self) -> bytes: ...

    @property
    def digest(self) -> str: ...


def ensure_spec(database: Database, spec: Spec) -> int:
    """The number of a spec; stores the spec if it is new."""
    with database.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO fingerprint_spec (digest, document) SELECT :digest, cast(:document AS jsonb)"
                " WHERE NOT EXISTS (SELECT FROM fingerprint_spec WHERE digest = :digest) ON CONFLICT DO NOTHING"
            ),
            {"digest": bytes.fromhex(spec.digest), "document": spec.document.decode()},
        )
        return spec_id(connection, spec.digest)


def spec_id(connection: Connection, digest: str) -> int:
    """The number of a spec. Raises NotFoundError (`spec-unknown`) when no fingerprint was ever stored under it."""
    return _row(connection, digest)[0]


def copy_dimension(connection: Connection, digest: str) -> int:
    """Dimension of the spec's copy descriptor. Raises NotFoundError (`spec-unknown`)."""
    return dimensions(connection, digest)["copy"]


def dimensions(connection: Connection, digest: str) -> dict[str, int]:
    """Dimensions of the spec's embeddings, by name. Raises NotFoundError (`spec-unknown`)."""
    embeddings = json.loads(_row(connection, digest)[1])["embeddings"]
    return {name: int(description["dimension"]) for name, description in embeddings.items()}


def _row(connection: Connection, digest: str) -> tuple[int, str]:
    found = connection.execute(
        sa.text("SELECT spec_id, document::text FROM fingerprint_spec WHERE digest = :digest"),
        {"digest": bytes.fromhex(digest)},
    ).one_or_none()
    if found is None:
        raise NotFoundError(
            f"no fingerprints are stored under the spec {digest}",
            code="spec-unknown",
            hint="Register works, or run: artledger corpus refresh",
        )
    return found.spec_id, found.document


def spec_document(database: Database, digest: str) -> dict[str, Any]:
    """The FingerprintSpec with this digest. Raises NotFoundError (`spec-unknown`)."""
    with database.begin() as connection:
        document: dict[str, Any] = json.loads(_row(connection, digest)[1])
    return document
