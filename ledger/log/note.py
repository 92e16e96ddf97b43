"""C2SP signed notes: a text and signature lines below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import VerificationError
from ledger.log import encoding
from ledger.log.vkey import NoteSigner, VerifierKey, require_name

MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
_DASH = "— "


@dataclass(frozen=True, slots=True)
class SignatureLine:
    name: str
    key_id: bytes
    """4 bytes."""
    signature: bytes

    def __str__(self) -> str:
        """The line with its newline."""
        return f"{_DASH}{self.name} {encoding.encode(self.key_id + self.signature)}\n"

    def is_by(self, key: VerifierKey) -> bool:
        return self.name == key.name and self.key_id == key.key_id


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    """Ends with a newline."""
    signatures: tuple[SignatureLine, ...]

    def __bytes__(self) -> bytes:
        return f"{self.text}\n{''.join(map(str, self.signatures))}".encode()


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A signature that was checked."""

    key: VerifierKey
    line: SignatureLine
    time: int | None
    """POSIX seconds of a cosignature, else None."""


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note with at least one valid signature by a known key, and no invalid one."""

    note: Note
    verified: tuple[VerifiedSignature, ...]
    unknown: tuple[SignatureLine, ...]
    """Signatures by keys that the caller did not name; they were not checked."""

    def signed_by(self, key: VerifierKey) -> bool:
        return any(each.key == key for each in self.verified)


def parse_note(data: bytes) -> Note:
    """Splits a note without checking signatures; `bytes(note) == data` always.

    Raises VerificationError (`bad-note`): not UTF-8, control characters, no signature, malformed lines, over 1 MB.
    """
    text, separator, block = _decode(data).rpartition("\n\n")
    if not separator:
        raise VerificationError("note: no empty line between text and signatures", code="bad-note")
    if not block.endswith("\n"):
        raise VerificationError("note: expected signature lines that end with a newline", code="bad-note")
    return Note(text + "\n", parse_signature_lines(block))


def parse_signature_lines(block: str) -> tuple[SignatureLine, ...]:
    """Signature lines, each ended by a newline. Raises VerificationError (`bad-note`, `bad-base64`, `bad-key-name`)."""
    lines = block.split("\n")
    if lines.pop() or not lines:
        raise VerificationError("note: expected signature lines that end with a newline", code="bad-note")
    if len(lines) > MAX_SIGNATURES:
        raise VerificationError(
            f"note: expected at most {MAX_SIGNATURES} signatures, got {len(lines)}", code="bad-note"
        )
    return tuple(_parse_line(number, line) for number, line in enumerate(lines, 1))


def sign_note(text: str, signer: NoteSigner) -> Note:
    """A note with one signature of type 01. Raises ValueError for a text that cannot be a note's."""
    if not text.endswith("\n") or any(char < " " and char != "\n" for char in text):
        raise ValueError("a note's text ends with a newline and has no other control characters")
    return Note(text, (SignatureLine(signer.key.name, signer.key.key_id, signer.signature(text)),))


def open_note(data: bytes, keys: Sequence[VerifierKey]) -> OpenedNote:
    """Checks every signature by one of `keys`.

    Raises VerificationError as parse_note does, and: `bad-signature` when a known key's signature is invalid;
    `bad-note` when a known key signed twice; `unsigned` when no known key signed.
    """
    note = parse_note(data)
    verified: list[VerifiedSignature] = []
    unknown: list[SignatureLine] = []
    for line in note.signatures:
        key = next((key for key in keys if line.is_by(key)), None)
        if key is None:
            unknown.append(line)
            continue
        if any(each.key == key for each in verified):
            raise VerificationError(f"note: two signatures by {key.name}+{key.key_id.hex()}", code="bad-note")
        verified.append(VerifiedSignature(key, line, key.verify(note.text, line.signature)))
    if not verified:
        expected = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in keys) or "(no key given)"
        got = ", ".join(f"{line.name}+{line.key_id.hex()}" for line in unknown)
        raise VerificationError(f"note: expected a signature by {expected}, got {got}", code="unsigned")
    return OpenedNote(note, tuple(verified), tuple(unknown))


def _decode(data: bytes) -> str:
    if len(data) > MAX_NOTE_BYTES:
        raise VerificationError(f"note: expected at most {MAX_NOTE_BYTES} bytes, got {len(data)}", code="bad-note")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise VerificationError(f"note: not UTF-8: {error}", code="bad-note") from error
    if any(char < " " and char != "\n" for char in text):
        raise VerificationError("note: has a control character other than newline", code="bad-note")
    return text


def _parse_line(number: int, line: str) -> SignatureLine:
    name, space, signature = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise VerificationError(
            f"note: signature line {number}: expected '— <key name> <base64>', got {line[:80]!r}", code="bad-note"
        )
    require_name(name)
    data = encoding.decode(signature, f"note: signature line {number}")
    if len(data) <= 4:
        raise VerificationError(f"note: signature line {number}: too short for a signature", code="bad-note")
    return SignatureLine(name, data[:4], data[4:])
