"""Generated pictures between their report and their requester's confirmation: once, and not for long."""

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
    """A file that is made and signed, and not handed out yet."""

    record_id: str
    """Of its generation."""
    media_type: str
    data: bytes
    manifest_sha256: str


class PendingImages:
    """Shared by every process of a service. Times are the database's, so that its users' clocks need not agree.

    Only tokens' digests are kept. Every method raises PushbackError when the database cannot be reached.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, token_sha256: bytes, image: PendingImage, lifetime: float) -> None:
        """Keeps an image for `lifetime` seconds at most."""
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
        """The image that waits under a token; None where none ever did, or none does any more."""
        with self._database.begin() as connection:
            _erase_expired(connection)
            row = connection.execute(
                sa.select(pending_image).where(pending_image.c.token_sha256 == token_sha256)
            ).one_or_none()
        if row is None:
            return None
        return PendingImage(str(row.record_id), row.media_type, bytes(row.data), row.manifest_sha256.hex())

    def eraser(self, token_sha256: bytes) -> Alongside:
        """What erases the image in the transaction that puts its `asset` record on the log."""

        def erase(connection: Connection) -> None:
            connection.execute(sa.delete(pending_image).where(pending_image.c.token_sha256 == token_sha256))

        return erase

    def erase_expired(self) -> None:
        with self._database.begin() as connection:
            _erase_expired(connection)


def _erase_expired(connection: Connection) -> None:
    connection.execute(sa.delete(pending_image).where(pending_image.c.expires_at <= sa.func.now()))
