"""C2SP tlog-proof: one text that proves, offline, that an entry is on a log."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import VerificationError
from ledger.log import encoding
from ledger.log.checkpoint import SignedCheckpoint, open_checkpoint, parse_decimal, parse_hash
from ledger.log.merkle import MAX_PATH, verify_inclusion
from ledger.log.note import MAX_NOTE_BYTES
from ledger.log.vkey import VerifierKey
from ledger.log.witness_policy import WitnessPolicy

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PROOF_BYTES = MAX_NOTE_BYTES


@dataclass(frozen=True, slots=True)
class TlogProof:
    index: int
    path: tuple[bytes, ...]
    """From the leaf's sibling upward."""
    checkpoint: bytes
    """The signed checkpoint, verbatim."""
    extra: bytes | None = None
    """Extra data that no signature covers; whoever uses it must check it by other means."""

    @property
    def text(self) -> str:
        extra = [] if self.extra is None else [f"extra {encoding.encode(self.extra)}"]
        lines = [HEADER, *extra, f"index {self.index}", *map(encoding.encode, self.path), ""]
        return "".join(f"{line}\n" for line in lines) + self.checkpoint.decode()


def parse_proof(text: str) -> TlogProof:
    """Parses strictly: `parse_proof(text).text == text` always. Does not check the checkpoint inside.

    Raises VerificationError (`bad-proof`, `bad-number`, `bad-base64`, `bad-hash`).
    """
    if len(text) > MAX_PROOF_BYTES:
        raise VerificationError(f"proof: expected at most {MAX_PROOF_BYTES} characters", code="bad-proof")
    head, separator, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines.pop(0) != HEADER:
        raise VerificationError(
            f"proof: expected {HEADER!r}, an index, hashes, an empty line and a checkpoint", code="bad-proof"
        )
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = encoding.decode(lines.pop(0).removeprefix("extra "), "proof: extra")
    if not lines or not lines[0].startswith("index "):
        raise VerificationError("proof: expected a line 'index <number>'", code="bad-proof")
    index = parse_decimal(lines.pop(0).removeprefix("index "), "proof: index of the log entry")
    if len(lines) > MAX_PATH:
        raise VerificationError(f"proof: expected at most {MAX_PATH} hashes, got {len(lines)}", code="bad-proof")
    path = tuple(parse_hash(line, f"proof: hash {position}") for position, line in enumerate(lines))
    try:
        return TlogProof(index, path, checkpoint.encode(), extra)
    except UnicodeEncodeError as error:
        raise VerificationError("proof: the checkpoint is not UTF-8", code="bad-proof") from error


def verify_proof(
    proof: TlogProof, leaf: bytes, log_key: VerifierKey, policy: WitnessPolicy | None = None
) -> SignedCheckpoint:
    """Verifies a proof (tlog-proof, "Verifying a tlog proof") and returns its checkpoint: the log signed it, it has the
    quorum of `policy` if one is given, and the path leads from the leaf hash to its root.

    Raises VerificationError as open_checkpoint, WitnessPolicy.require_quorum and verify_inclusion do.
    """
    signed = open_checkpoint(proof.checkpoint, log_key, () if policy is None else policy.witness_keys)
    if policy is not None:
        policy.require_quorum(signed)
    verify_inclusion(leaf, proof.index, signed.size, proof.path, signed.root)
    return signed
