"""Lists a proof's hashes one by one, for people who want to check it with their own tools."""

from __future__ import annotations

from ledger.audit.bundle import parse_bundle
from ledger.log.checkpoint import open_checkpoint
from ledger.log.merkle import inclusion_steps
from ledger.log.vkey import parse_vkey
from ledger.record import dsse


def explain_bundle(data: bytes, log_vkey: str) -> list[str]:
    """Lines that show how the leaf's bytes lead to the checkpoint's root, and what is signed.

    Raises VerificationError for a malformed bundle, key, checkpoint or path.
    """
    bundle = parse_bundle(data)
    proof = bundle.proof
    signed = open_checkpoint(proof.checkpoint, parse_vkey(log_vkey))
    lines = [
        f"log entry {proof.index}: {len(bundle.leaf)} bytes of envelope",
        f"  leaf hash = SHA-256(0x00 || envelope) = {bundle.leaf_hash.hex()}",
    ]
    computed = bundle.leaf_hash
    for number, step in enumerate(inclusion_steps(bundle.leaf_hash, proof.index, signed.size, proof.path), 1):
        left, right = ("proof", "above") if step.proof_side == "left" else ("above", "proof")
        lines += [
            f"step {number}: SHA-256(0x01 || left || right)",
            f"  left  ({left}) = {step.left.hex()}",
            f"  right ({right}) = {step.right.hex()}",
            f"  parent        = {step.parent.hex()}",
        ]
        computed = step.parent
    equal = "equal" if computed == signed.root else "NOT EQUAL"
    lines += [
        f"checkpoint of {signed.checkpoint.origin}, {signed.size} leaves",
        f"  root = {signed.root.hex()} ({equal} to the last hash above)",
        f"envelope: DSSE v1 over {len(dsse.pae(bundle.envelope.payload))} bytes",
    ]
    for signature in bundle.envelope.signatures:
        lines.append(f"  key id {signature.keyid}")
        lines.append(f"  public key (Ed25519) {bundle.keys[signature.keyid].hex()}")
        lines.append(f"  signature {signature.sig.hex()}")
    return lines
