"""Whether the training lists that models disclose contain the files that a claim is about, with proofs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ledger.audit.manifest import Member
from ledger.claim.case import Exhibit, Listing
from ledger.flows.records.models import Models
from ledger.record.predicates import Claim, ModelRecord, Registration

ManifestProofs = Mapping[tuple[str, str], tuple[Member, ...]]
"""By model record id and file digest: the file's place on the model's list, or the places of its neighbours."""


def manifest_proofs(models: Models, claim: Claim, subject_sha256: str, exhibits: Iterable[Exhibit]) -> ManifestProofs:
    """Proofs for every model among the exhibits that discloses a list, about the works that the claimant registered and
    the file that the claim is about."""
    exhibits = list(exhibits)
    files = {subject_sha256}
    for exhibit in exhibits:
        work = exhibit.statement.predicate
        if isinstance(work, Registration) and work.artist_id == claim.claimant_id:
            files.add(exhibit.statement.subject_sha256)
    proofs = {}
    for exhibit in exhibits:
        model = exhibit.statement.predicate
        if isinstance(model, ModelRecord) and model.manifest is not None:
            for sha256 in sorted(files):
                proofs[exhibit.ref.record_id, sha256] = models.proof(model, sha256)
    return proofs


def listings_of(proofs: ManifestProofs) -> tuple[Listing, ...]:
    return tuple(
        Listing(record_id, sha256, any(each.sha256 == sha256 for each in proof))
        for (record_id, sha256), proof in proofs.items()
    )
