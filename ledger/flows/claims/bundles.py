"""A claim with everything that it rests on, for offline audits. A bundle is kept until more is said about its claim."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.audit.claims.bundle import ClaimBundle, MembershipProof
from ledger.claim.rules import ClaimRules
from ledger.flows.claims.disclosures import manifest_proofs
from ledger.flows.claims.exhibits import exhibit_of
from ledger.flows.claims.filed import FiledClaim, FiledClaims, StepKind
from ledger.flows.records.models import Models
from ledger.flows.records.records import Records
from ledger.log.entry import Entry
from ledger.record import dsse
from ledger.record.predicates import refs_of

MOST_BYTES = 2**26
"""Size of all bundles that are kept together."""
_STEPS: tuple[StepKind, ...] = ("verdict", "response", "resolution")

Key = tuple[str, int]
"""A claim's record id, and the leaf index of the newest record about it."""


class BundleCache:
    """Threads may share it. One bundle is made at a time, so readers cannot keep all of the machine busy with them."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._making = threading.Lock()

    def get(self, key: Key, make: Callable[[], bytes]) -> bytes:
        """The bytes kept under the key, or those that `make` returns. If `make` raises, nothing is kept."""
        with self._making:
            found = self._kept.get(key)
            if found is None:
                found = make()
                self._keep(key, found)
            else:
                self._kept.move_to_end(key)
            return found

    def _keep(self, key: Key, data: bytes) -> None:
        self._kept[key] = data
        while sum(map(len, self._kept.values())) > self._most:
            self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class ClaimBundles:
    """Threads may share it."""

    filed: FiledClaims
    records: Records
    models: Models
    rules: ClaimRules
    cache: BundleCache = field(default_factory=BundleCache)

    def get(self, claim_id: str) -> bytes:
        """Claim, verdicts, responses, resolutions, and everything that they rest on, with proofs.

        At most MAX_RECORDS records, by the limits in file.py. Raises NotFoundError (`claim-not-found`), PushbackError
        (`not-yet-published`).
        """
        filed = self.filed.get(claim_id)
        steps = {kind: self.filed.about(filed, kind) for kind in _STEPS}
        newest = max(entry.leaf_index for entries in ([filed.entry], *steps.values()) for entry in entries)
        return self.cache.get((claim_id, newest), lambda: self._bundle(filed, steps))

    def _bundle(self, filed: FiledClaim, steps: Mapping[StepKind, Sequence[Entry]]) -> bytes:
        main = [filed.entry, *(entry for entries in steps.values() for entry in entries)]
        named = self._named(main)
        proofs = manifest_proofs(self.models, filed.claim, filed.statement.subject_sha256, map(exhibit_of, named))
        bundle = self.records.bundle_of
        return ClaimBundle(
            claim=bundle(filed.entry),
            verdicts=tuple(map(bundle, steps["verdict"])),
            responses=tuple(map(bundle, steps["response"])),
            resolutions=tuple(map(bundle, steps["resolution"])),
            evidence=tuple(map(bundle, named)),
            proofs=tuple(MembershipProof.of(*key, proof) for key, proof in sorted(proofs.items())),
            rules=self.rules.to_bytes(),
        ).to_bytes()

    def _named(self, main: Sequence[Entry]) -> list[Entry]:
        """All other records that these records name, and the announcements of the keys that signed them."""
        known = {entry.record_id for entry in main}
        named = {ref.record_id for entry in main for ref in refs_of(entry.statement.predicate)}
        found = dict(self.records.entries.get_many(named - known))
        for keyid in sorted({keyid for entry in main for keyid in dsse.signers_of(entry.envelope)[1:]}):
            found |= {entry.record_id: entry for entry in self.records.store.find(sha256=keyid, kind="key", limit=1)}
        return sorted(found.values(), key=lambda entry: entry.leaf_index)
