"""The bundle (FORMAT.md): one record's envelope and the proof that it is on the log, checkable offline.

In a bundle, the proof's optional `extra` line is required. It holds the raw 32-byte Ed25519 public keys of the
envelope's signatures, concatenated in the order of the signatures, so that a bundle needs no other file. Each key must
hash to its signature's key id, which the log's signature covers through the leaf. Everything else is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger import canonical
from ledger.errors import VerificationError
from ledger.log.merkle import leaf_hash
from ledger.log.proof import TlogProof, parse_proof
from ledger.record import dsse

MEDIA_TYPE = "application/vnd.artledger.bundle+json;version=1"
MAX_BUNDLE_BYTES = 1_000_000
"""An envelope has at most 65,535 bytes; a proof with many ML-DSA cosignatures has a few hundred kilobytes."""


@dataclass(frozen=True, slots=True)
class Bundle:
    leaf: bytes
    """The entry's exact bytes."""
    envelope: dsse.Envelope
    proof: TlogProof
    keys: Mapping[str, bytes]
    """Key id to raw public key of each signature of the envelope."""

    @property
    def leaf_hash(self) -> bytes:
        return leaf_hash(self.leaf)

    def to_bytes(self) -> bytes:
        """RFC 8785 bytes: the only encoding of this bundle that a verifier accepts."""
        value = {"envelope": canonical.loads(self.leaf), "mediaType": MEDIA_TYPE, "proof": self.proof.text}
        return canonical.dumps(value)


def make_bundle(
    leaf: bytes, index: int, path: Sequence[bytes], checkpoint: bytes, public_keys: Mapping[str, bytes]
) -> Bundle:
    """Joins a leaf, its inclusion path and the signed checkpoint. `public_keys`: raw keys of its signers by key id.

    Raises VerificationError when the leaf is no envelope or a signer's key is missing (`unknown-key`).
    """
    envelope = dsse.parse(leaf)
    missing = [each.keyid for each in envelope.signatures if each.keyid not in public_keys]
    if missing:
        raise VerificationError(f"the public key with id {missing[0]} is not known here", code="unknown-key")
    extra = b"".join(public_keys[each.keyid] for each in envelope.signatures)
    proof = TlogProof(index, tuple(path), checkpoint, extra)
    return Bundle(leaf, envelope, proof, _signers(envelope, extra))


def parse_bundle(data: bytes) -> Bundle:
    """The bundle in `data`, well-formed but unverified; `parse_bundle(data).to_bytes() == data` always.

    Raises VerificationError: `bundle-too-large`, `not-canonical`, `bundle-shape`, or as the parsers of its parts.
    """
    if len(data) > MAX_BUNDLE_BYTES:
        raise VerificationError(
            f"a bundle of {len(data)} bytes; at most {MAX_BUNDLE_BYTES} are allowed", code="bundle-too-large"
        )
    envelope_value, proof_text = _members(canonical.loads(data))
    leaf = canonical.dumps(envelope_value)
    envelope = dsse.parse(leaf)
    proof = parse_proof(proof_text)
    if proof.extra is None:
        raise VerificationError("the bundle's proof has no extra line with the signers' keys", code="bundle-shape")
    return Bundle(leaf, envelope, proof, _signers(envelope, proof.extra))


def _members(value: Any) -> tuple[dict[str, Any], str]:
    match value:
        case {"envelope": dict(envelope), "mediaType": str(media_type), "proof": str(proof)} if len(value) == 3:
            if media_type != MEDIA_TYPE:
                raise VerificationError(
                    f"the bundle's media type is {media_type[:80]!r}, not {MEDIA_TYPE!r}", code="bundle-shape"
                )
            return envelope, proof
        case _:
            raise VerificationError("not a bundle: expected exactly envelope, mediaType and proof", code="bundle-shape")


def _signers(envelope: dsse.Envelope, extra: bytes) -> dict[str, bytes]:
    raws = [extra[start : start + 32] for start in range(0, len(extra), 32)]
    if len(extra) != 32 * len(envelope.signatures):
        raise VerificationError(
            f"expected {len(envelope.signatures)} public keys of 32 bytes in the extra line, got {len(extra)} bytes",
            code="bundle-shape",
        )
    keys = dsse.keys_by_id(raws)
    if list(keys) != [signature.keyid for signature in envelope.signatures]:
        raise VerificationError(
            "the public keys in the extra line are not those of the envelope's signatures", code="bundle-shape"
        )
    return keys
