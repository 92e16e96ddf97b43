"""C2SP tlog-checkpoint: a log's origin, size and root hash as a signed note."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.errors import VerificationError
from ledger.log import encoding
from ledger.log.merkle import HASH_BYTES, MAX_SIZE
from ledger.log.note import Note, OpenedNote, SignatureLine, VerifiedSignature, open_note, parse_note, sign_note
from ledger.log.vkey import KeyType, NoteSigner, VerifierKey

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's size and root. Checkpoints of our logs have no extension lines; others' may."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The note's text: three lines and the extension lines."""
        lines = (self.origin, str(self.size), encoding.encode(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint whose log signature was verified, with its exact signed bytes."""

    checkpoint: Checkpoint
    data: bytes
    cosignatures: tuple[VerifiedSignature, ...] = ()
    """Verified cosignatures of the witnesses that the caller named."""

    @property
    def size(self) -> int:
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        return self.checkpoint.root


def parse_decimal(text: str, what: str) -> int:
    """A tree size or leaf index in ASCII decimal without leading zeros, below 2^63.

    Raises VerificationError (`bad-number`), naming `what`.
    """
    if _DECIMAL.fullmatch(text) is None or int(text) > MAX_SIZE:
        raise VerificationError(
            f"{what}: expected a decimal number below 2^63 without leading zeros, got {text[:40]!r}", code="bad-number"
        )
    return int(text)


def parse_hash(text: str, what: str) -> bytes:
    """A base64 SHA-256 hash. Raises VerificationError (`bad-base64`, `bad-hash`), naming `what`."""
    data = encoding.decode(text, what)
    if len(data) != HASH_BYTES:
        raise VerificationError(f"{what}: expected {HASH_BYTES} bytes, got {len(data)}", code="bad-hash")
    return data


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text. Raises VerificationError (`bad-checkpoint`, or as the parsers of its lines)."""
    lines = text.split("\n")
    if lines.pop() or len(lines) < 3 or not all(lines):
        raise VerificationError(
            "checkpoint: expected three lines that are not empty: origin, size and root hash", code="bad-checkpoint"
        )
    origin, size, root, *extensions = lines
    return Checkpoint(
        origin, parse_decimal(size, "checkpoint size"), parse_hash(root, "checkpoint root hash"), tuple(extensions)
    )


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> bytes:
    """The signed checkpoint as it is served. Raises ValueError when origin and key name differ."""
    if checkpoint.origin != signer.key.name:
        raise ValueError(f"checkpoint of {checkpoint.origin} cannot be signed by the key of {signer.key.name}")
    return bytes(sign_note(checkpoint.text, signer))


def open_checkpoint(data: bytes, log_key: VerifierKey, witnesses: Sequence[VerifierKey] = ()) -> SignedCheckpoint:
    """Verifies a log's signature of a checkpoint, and the cosignatures of those `witnesses` that signed.

    Raises VerificationError as open_note and parse_checkpoint do, and: `unsigned` when the log itself did not sign;
    `wrong-origin` when its first line is not the key's name; `bad-vkey` when the key is not of a log's type.
    """
    if log_key.type is not KeyType.ED25519:
        raise VerificationError(
            f"the key of {log_key.name} is a witness's, not a log's: expected signature type 0x01", code="bad-vkey"
        )
    return from_note(data, open_note(data, [log_key, *witnesses]), log_key)


def from_note(data: bytes, opened: OpenedNote, log_key: VerifierKey) -> SignedCheckpoint:
    """The checkpoint of a note that was opened with `log_key` among its keys. Raises as open_checkpoint does."""
    if not opened.signed_by(log_key):
        raise VerificationError(f"checkpoint: not signed by the log {log_key.name}", code="unsigned")
    checkpoint = parse_checkpoint(opened.note.text)
    if checkpoint.origin != log_key.name:
        raise VerificationError(
            f"checkpoint: expected origin {log_key.name!r}, got {checkpoint.origin[:120]!r}", code="wrong-origin"
        )
    cosignatures = tuple(each for each in opened.verified if each.key != log_key)
    return SignedCheckpoint(checkpoint, data, cosignatures)


def add_signatures(data: bytes, lines: Iterable[SignatureLine]) -> bytes:
    """The same checkpoint with further signature lines, which the caller has verified."""
    note = parse_note(data)
    return bytes(Note(note.text, (*note.signatures, *lines)))
