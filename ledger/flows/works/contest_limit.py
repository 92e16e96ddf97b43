"""Limits how often an account may register near-duplicates of works that others registered before it.

It counts on the log and in the compared pairs, so that a restart or a second process forgets nothing. Registrations at
the same moment do not see each other, so the limit may be exceeded by as many as the service has workers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledger.errors import PushbackError
from ledger.flows.people.principal import Principal
from ledger.image.canonical_image import CanonicalImage
from ledger.storage.works.works import WorkReader

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ContestLimit:
    """Threads may share it."""

    per_day: int
    works: WorkReader
    is_copy: Callable[[CanonicalImage, str], bool]
    """Whether somebody else than the artist registered this picture, or a picture that it is a verified copy of."""

    def require(self, image: CanonicalImage, artist_id: str, principal: Principal) -> None:
        """Refuses a copy where the account has used up its number. Only then is the picture compared; a picture that is
        not a copy is never refused. The person at this machine, who sets the number, is not limited.

        Raises PushbackError (`too-many-contested`).
        """
        if principal.is_local:
            return
        now = datetime.now(UTC)
        copies = self.works.copies_since(artist_id, now - DAY)
        if len(copies) < self.per_day or not self.is_copy(image, artist_id):
            return
        until = copies[-self.per_day] + DAY if self.per_day else now + DAY
        raise PushbackError(
            f"somebody else registered this picture, or one that it is a copy of; {artist_id} has registered"
            f" {len(copies):,} such pictures within a day, and {self.per_day:,} are allowed",
            code="too-many-contested",
            hint="If the works are yours, ask the operator of this service to register them, or wait.",
            retry_after=(until - now).total_seconds(),
        )
