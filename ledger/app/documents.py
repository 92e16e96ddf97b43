"""Documents that records name by digest. Anybody may read them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from ledger.app.store import Store
from ledger.claim.rules import published_rules
from ledger.errors import NotFoundError
from ledger.storage.search.specs import spec_document


@dataclass(frozen=True)
class Documents:
    """Each document is found by the SHA-256 of its bytes."""

    store: Store

    def calibration(self, digest: str) -> bytes:
        """Raises NotFoundError (`calibration-not-found`)."""
        stored = self.store.calibrations.by_digest(digest)
        if stored is None:
            raise NotFoundError(f"there is no calibration {digest}", code="calibration-not-found")
        return stored.document

    def specification(self, digest: str) -> dict[str, Any]:
        """Raises NotFoundError (`spec-unknown`)."""
        return spec_document(self.store.database, digest)

    def policy(self, digest: str) -> bytes:
        """Raises NotFoundError (`policy-not-found`), also where the stored document has another digest."""
        found = self.store.documents.get("policy", digest)
        if found is None or hashlib.sha256(found).hexdigest() != digest:
            raise NotFoundError(f"there is no policy {digest}", code="policy-not-found")
        return found

    def claim_rules(self, digest: str) -> bytes:
        """Raises NotFoundError (`claim-rules-not-found`)."""
        found = published_rules(digest)
        if found is None:
            raise NotFoundError(f"there are no rules {digest} for claims", code="claim-rules-not-found")
        return found.to_bytes()
