"""Keys of signed notes: C2SP signed-note verifier keys ("vkeys"), tlog-cosignature's cosignatures, and signers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidSignature

from ledger.errors import VerificationError
from ledger.log import encoding
from ledger.record.keys import require_sound_public_key, signature_is_valid

MAX_TIME = 2**63 - 1
_VKEY = re.compile(r"(?P<name>[^+]*)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/=]+)", re.ASCII)


class KeyType(IntEnum):
    """The signature types of C2SP signed-note that we verify."""

    ED25519 = 0x01
    COSIGNATURE = 0x04
    """Timestamped Ed25519."""
    COSIGNATURE_ML_DSA = 0x06
    """Timestamped ML-DSA-44."""


_PUBLIC_BYTES = {KeyType.ED25519: 32, KeyType.COSIGNATURE: 32, KeyType.COSIGNATURE_ML_DSA: 1312}
_SIGNATURE_BYTES = {KeyType.ED25519: 64, KeyType.COSIGNATURE: 8 + 64, KeyType.COSIGNATURE_ML_DSA: 8 + 2420}


def require_name(name: str) -> None:
    """Raises VerificationError (`bad-key-name`) for names that signed-note forbids: empty, with spaces or `+`."""
    if not name or "+" in name or any(char.isspace() or char < " " for char in name):
        raise VerificationError(
            f"key name {name[:80]!r}: expected no spaces, control characters or plus signs, and not empty",
            code="bad-key-name",
        )


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name in its signature lines.

    Raises VerificationError: `bad-key-name`, `bad-vkey`, or as `require_sound_public_key` for weak Ed25519 keys.
    """

    name: str
    type: KeyType
    public: bytes
    """Raw public key: 32 bytes (Ed25519) or 1,312 (ML-DSA-44)."""

    def __post_init__(self) -> None:
        require_name(self.name)
        if len(self.public) != _PUBLIC_BYTES[self.type]:
            raise VerificationError(
                f"vkey of {self.name}: expected {_PUBLIC_BYTES[self.type]} bytes of public key, got {len(self.public)}",
                code="bad-vkey",
            )
        if self.type is not KeyType.COSIGNATURE_ML_DSA:
            require_sound_public_key(self.public)

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name || 0x0A || type || public key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed()).digest()[:4]

    def __str__(self) -> str:
        """The printed vkey: `name+hex8(id)+base64(type || public key)`."""
        return f"{self.name}+{self.key_id.hex()}+{encoding.encode(self._typed())}"

    def _typed(self) -> bytes:
        return bytes([self.type]) + self.public

    def verify(self, text: str, signature: bytes) -> int | None:
        """Checks a signature of a note's text. Returns a cosignature's POSIX seconds, None for a plain signature.

        Raises VerificationError (`bad-signature`).
        """
        what = f"signature by {self.name}+{self.key_id.hex()}"
        if len(signature) != _SIGNATURE_BYTES[self.type]:
            raise VerificationError(
                f"{what}: expected {_SIGNATURE_BYTES[self.type]} bytes, got {len(signature)}", code="bad-signature"
            )
        time = None if self.type is KeyType.ED25519 else int.from_bytes(signature[:8], "big")
        if time is not None and not 0 < time <= MAX_TIME:
            raise VerificationError(f"{what}: expected a time from 1 to 2^63 - 1, got {time}", code="bad-signature")
        if not self._is_valid(text, signature, time or 0):
            raise VerificationError(f"{what} does not verify", code="bad-signature")
        return time

    def _is_valid(self, text: str, signature: bytes, time: int) -> bool:
        match self.type:
            case KeyType.ED25519:
                return signature_is_valid(self.public, signature, text.encode())
            case KeyType.COSIGNATURE:
                return signature_is_valid(self.public, signature[8:], cosignature_message(text, time))
            case KeyType.COSIGNATURE_ML_DSA:
                return _ml_dsa_is_valid(self.public, signature[8:], subtree_message(self.name, text, time))


def parse_vkey(text: str) -> VerifierKey:
    """The key of a printed vkey. Raises VerificationError (`bad-vkey`) unless it is exactly what str() would print."""
    match = _VKEY.fullmatch(text) if len(text) <= 4096 else None
    if match is None:
        raise VerificationError(
            f"vkey {text[:120]!r}: expected name+hex8(key id)+base64(type and public key)",
            code="bad-vkey",
            hint="`artledger keys show` prints the vkey of a log.",
        )
    typed = encoding.decode(match["key"], f"vkey of {match['name'][:80]}")
    try:
        key_type = KeyType(typed[0])
    except ValueError as error:
        raise VerificationError(
            f"vkey of {match['name'][:80]}: signature type 0x{typed[0]:02x} is not supported", code="bad-vkey"
        ) from error
    key = VerifierKey(match["name"], key_type, typed[1:])
    if key.key_id.hex() != match["id"]:
        raise VerificationError(
            f"vkey of {key.name}: expected key id {key.key_id.hex()}, got {match['id']}", code="bad-vkey"
        )
    return key


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """Signs notes under the key's name. `sign` returns the raw Ed25519 signature of its argument."""

    key: VerifierKey
    sign: Callable[[bytes], bytes]

    def signature(self, text: str) -> bytes:
        """Type 01: Ed25519 over the text."""
        return self.sign(text.encode())

    def cosignature(self, text: str, time: int) -> bytes:
        """Type 04: 8-byte big-endian POSIX time and the Ed25519 signature that covers it and the text."""
        return time.to_bytes(8, "big") + self.sign(cosignature_message(text, time))


def cosignature_message(text: str, time: int) -> bytes:
    """What an Ed25519 cosignature signs (tlog-cosignature, "Ed25519 signed message")."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def subtree_message(cosigner: str, text: str, time: int) -> bytes:
    """What an ML-DSA-44 cosignature of a checkpoint signs (tlog-cosignature, "ML-DSA-44 signed message").

    Raises VerificationError (`bad-checkpoint`) when `text` does not begin like a checkpoint.
    """
    lines = text.split("\n")
    if len(lines) < 4 or re.fullmatch("[0-9]{1,19}", lines[1], re.ASCII) is None:
        raise VerificationError("a cosigned note is not a checkpoint", code="bad-checkpoint")
    names = [name.encode() for name in (cosigner, lines[0])]
    if any(not 1 <= len(name) <= 255 for name in names):
        raise VerificationError("cosigner and origin have 1 to 255 bytes under ML-DSA-44", code="bad-checkpoint")
    name, origin = (bytes([len(each)]) + each for each in names)
    span = bytes(8) + int(lines[1]).to_bytes(8, "big")
    return b"subtree/v1\n\0" + name + time.to_bytes(8, "big") + origin + span + encoding.decode(lines[2], "root hash")


def _ml_dsa_is_valid(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
    except ImportError as error:
        raise VerificationError(
            "ML-DSA-44 cosignatures need a newer version of the package `cryptography`",
            code="unsupported-signature",
            hint="Run: pip install --upgrade cryptography",
        ) from error
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True
