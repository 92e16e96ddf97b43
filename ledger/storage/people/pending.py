"""Generated pictures that wait, for a limited time, for their requester's confirmation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.log.entry import Alongside
from ledger.storage.database import Database
from ledger.storage.tables.generated import pending_image


@dataclass(frozen=True, slots=True)
class PendingImage:
    """A generated and signed file that was not delivered yet."""

    record_id: str
    """Id of its generation record."""
    media_type: str
    data: bytes
    manifest_sha256: str


class PendingImages:
    """Pending pictures, shared by all processes of a service. Times are the database's, so clocks need not agree.

    Only digests of tokens are stored. Every method raises PushbackError when the database cannot be reached.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, token_sha256: bytes, image: PendingImage, lifetime: float) -> None:
        """Stores an image for at most `lifetime` seconds."""
        with self._database.begin() as connection:
            _erase_expired(connection)
            connection.execute(
                sa.insert(pending_image).values(
                    token_sha256=token_sha256,
                    record_id=UUID(image.record_id),
                    media_type=image.media_type,
                    data=image.data,
                    manifest_sha256=bytes.fromhex(image.manifest_sha256),
                    expires_at=sa.func.now() + timedelta(seconds=lifetime),
                )
            )

    def get(self, token_sha256: bytes) -> PendingImage | None:
        """The image that waits under a token, or None."""
        with self._database.begin() as connection:
            _erase_expired(connection)
            row = connection.execute(
                sa.select(pending_image).where(pending_image.c.token_sha256 == token_sha256)
            ).one_or_none()
        if row is None:
            return None
        return PendingImage(str(row.record_id), row.media_type, bytes(row.data), row.manifest_sha256.hex())

    def eraser(self, token_sha256: bytes) -> Alongside:
        """Erases the image in the transaction that appends its `asset` record."""

        def erase(connection: Connection) -> None:
            connection.execute(sa.delete(pending_image).where(pending_image.c.token_sha256 == token_sha256))

        return erase

    def erase_expired(self) -> None:
        with self._database.begin() as connection:
            _erase_expired(connection)


def _erase_expired(connection: Connection) -> None:
    connection.execute(sa.delete(pending_image).where(pending_image.c.expires_at <= sa.func.now()))
