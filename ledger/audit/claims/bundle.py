"""The bundle of a claim: its record, the statements about it, all evidence, each with its proof, and the rules.

RFC 8785 of `{"claim", "evidence", "mediaType", "proofs", "resolutions", "responses", "rules", "verdicts"}`: bundles as
in ledger/audit/bundle.py, membership proofs of manifests, and the rules' document. It is complete: with it and the
log's key, anybody can decide the claim again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, TypeAdapter, ValidationError

from ledger import canonical
from ledger.audit.manifest import Member
from ledger.errors import VerificationError
from ledger.record.values import Count, Digest, Id, Model

MEDIA_TYPE = "application/vnd.artledger.claim+json;version=1"
MAX_CLAIM_BUNDLE_BYTES = 2**26
MAX_RECORDS = 1000
_LISTS = ("evidence", "resolutions", "responses", "verdicts")


class _Member(Model):
    index: Count
    path: Annotated[tuple[Digest, ...], Field(max_length=64)]
    sha256: Digest

    def member(self) -> Member:
        return Member(self.sha256, self.index, self.path)


class MembershipProof(Model):
    """Proves whether the manifest of a `model` record lists a file: its digest, or its neighbours, with their paths."""

    members: Annotated[tuple[_Member, ...], Field(max_length=2)]
    model_record_id: Id
    sha256: Digest

    @classmethod
    def of(cls, model_record_id: str, sha256: str, found: Iterable[Member]) -> Self:
        members = tuple(_Member(index=each.index, path=each.path, sha256=each.sha256) for each in found)
        return cls(members=members, model_record_id=model_record_id, sha256=sha256)


_PROOFS = TypeAdapter(tuple[MembershipProof, ...])


@dataclass(frozen=True, slots=True)
class ClaimBundle:
    """A claim's bundle. Each record is the exact bytes of its own bundle."""

    claim: bytes
    verdicts: tuple[bytes, ...]
    responses: tuple[bytes, ...]
    resolutions: tuple[bytes, ...]
    evidence: tuple[bytes, ...]
    proofs: tuple[MembershipProof, ...]
    rules: bytes
    """RFC 8785 bytes of the rules' document."""

    def to_bytes(self) -> bytes:
        value: dict[str, Any] = {
            "claim": canonical.loads(self.claim),
            "evidence": [canonical.loads(each) for each in self.evidence],
            "mediaType": MEDIA_TYPE,
            "proofs": [each.model_dump(mode="json") for each in self.proofs],
            "resolutions": [canonical.loads(each) for each in self.resolutions],
            "responses": [canonical.loads(each) for each in self.responses],
            "rules": canonical.loads(self.rules),
            "verdicts": [canonical.loads(each) for each in self.verdicts],
        }
        return canonical.dumps(value)


def parse_claim_bundle(data: bytes) -> ClaimBundle:
    """The bundle in `data`, with unverified records. Raises VerificationError (`bundle-too-large`, `not-canonical`,
    `bundle-shape`)."""
    if len(data) > MAX_CLAIM_BUNDLE_BYTES:
        raise VerificationError(f"a claim's bundle of {len(data):,} bytes is too large", code="bundle-too-large")
    value = canonical.loads(data)
    members = {"claim", "evidence", "mediaType", "proofs", "resolutions", "responses", "rules", "verdicts"}
    if not isinstance(value, dict) or value.keys() != members or value["mediaType"] != MEDIA_TYPE:
        raise _shape(f"expected exactly {', '.join(sorted(members))}, of type {MEDIA_TYPE}")
    if any(not isinstance(value[name], list) for name in _LISTS):
        raise _shape(f"{', '.join(_LISTS)} are lists")
    if sum(len(value[name]) for name in _LISTS) > MAX_RECORDS:
        raise _shape(f"more than {MAX_RECORDS} records")
    try:
        proofs = _PROOFS.validate_json(canonical.dumps(value["proofs"]))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise _shape(f"proofs: {first['msg']}"[:200]) from error
    lists = {name: tuple(canonical.dumps(each) for each in value[name]) for name in _LISTS}
    return ClaimBundle(
        claim=canonical.dumps(value["claim"]), proofs=proofs, rules=canonical.dumps(value["rules"]), **lists
    )


def _shape(message: str) -> VerificationError:
    return VerificationError(f"not a claim's bundle: {message}", code="bundle-shape")
