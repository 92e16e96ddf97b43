"""Ed25519 keys (RFC 8032): checks of public keys, and files of private keys."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ledger.errors import ConflictError, InputError, VerificationError
from ledger.files import open_regular
from ledger.record.keyid import keyid_of

RECORD_KEY_FILE = "record.pem"
"""File of the key that signs statements (DSSE)."""
LOG_KEY_FILE = "log.pem"
"""File of the key that signs checkpoints."""

MAX_KEY_FILE_BYTES = 16_384
_ENCRYPTED = b"ENCRYPTED"
"""Word in the first line of a PKCS #8 PEM that needs a passphrase (RFC 7468 section 11)."""

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


def require_sound_public_key(raw: bytes) -> None:
    """Refuses public keys under which one signature can be valid for several messages or encodings.

    `raw` is the 32-byte encoding of RFC 8032 section 5.1.2. Raises VerificationError (`unsound-key`) if it has another
    length, if y is not below p (a second encoding of a point), if it is no point of the curve, and if the point has
    small order. Common verifiers accept those eight points, and under them a signature can be valid for any message.
    """
    if len(raw) != 32:
        raise VerificationError(f"an Ed25519 public key has 32 bytes, not {len(raw)}", code="unsound-key")
    _require_sound_point(bytes(raw))


@lru_cache(maxsize=1024)
def _require_sound_point(raw: bytes) -> None:
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P:
        raise VerificationError(f"Ed25519 public key {raw.hex()} is not canonically encoded", code="unsound-key")
    y2 = y * y % _P
    # y of the points of order 4 is 0, of order 1 and 2 is 1 and -1, of order 8 a root of d y^4 + 2 y^2 - 1.
    if y * (y2 - 1) * (_D * y2 * y2 + 2 * y2 - 1) % _P == 0:
        raise VerificationError(f"Ed25519 public key {raw.hex()} has small order", code="unsound-key")
    # x^2 = (y^2 - 1) / (d y^2 + 1) has a root exactly when the product of the two is a square (Euler's criterion).
    if pow((y2 - 1) * (_D * y2 + 1), (_P - 1) // 2, _P) != 1:
        raise VerificationError(f"Ed25519 public key {raw.hex()} is not a point of the curve", code="unsound-key")


@lru_cache(maxsize=1024)
def _public_key(raw: bytes) -> Ed25519PublicKey:
    require_sound_public_key(raw)
    return Ed25519PublicKey.from_public_bytes(raw)


def signature_is_valid(public_raw: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (64 bytes) of `message` is by the key. Raises VerificationError for an unsound key."""
    try:
        _public_key(public_raw).verify(signature, message)
    except InvalidSignature:
        return False
    return True


class Signer:
    """An Ed25519 private key in memory. Its repr shows the key id and nothing secret."""

    __slots__ = ("_private", "keyid", "public_raw")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public_raw: bytes = private.public_key().public_bytes_raw()
        self.keyid: str = keyid_of(self.public_raw)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message`."""
        return self._private.sign(message)

    def to_pem(self, passphrase: bytes | None = None) -> bytes:
        """PKCS #8 PEM, encrypted if a passphrase is given."""
        protection: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)

    @classmethod
    def generate(cls) -> Signer:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Signer:
        """The signer with the 32-byte private key of RFC 8032 section 5.1.5."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def __repr__(self) -> str:
        return f"Signer(keyid={self.keyid!r})"


def load_signer(path: Path, passphrase: bytes | None = None, *, own_folder: bool = True) -> Signer:
    """The key in `path` (PKCS #8 PEM). `own_folder`: the folder is only for keys, so other users must not read it.

    Raises as `load_private_key` does, and `key-damaged` for another kind of key.
    """
    private = load_private_key(path, passphrase, own_folder=own_folder)
    if not isinstance(private, Ed25519PrivateKey):
        raise InputError(f"the private key {path} is not an Ed25519 key", code="key-damaged")
    return Signer(private)


def is_encrypted(path: Path) -> bool:
    """Whether a passphrase is needed to open the key. Raises as `read_private_file` does."""
    return _ENCRYPTED in read_private_file(path, own_folder=False).partition(b"\n")[0]


def load_private_key(path: Path, passphrase: bytes | None = None, *, own_folder: bool = True) -> PrivateKeyTypes:
    """The first key in `path` (PKCS #8 PEM), of any kind.

    Raises ConflictError (`key-missing`, `key-permissions`, `key-passphrase`) and InputError (`key-damaged`).
    """
    pem = read_private_file(path, own_folder=own_folder)
    encrypted = _ENCRYPTED in pem.partition(b"\n")[0]
    if encrypted and not passphrase:
        raise ConflictError(
            f"the private key {path} is encrypted, but no passphrase was given",
            code="key-passphrase",
            hint="Set ARTLEDGER_KEY_PASSPHRASE.",
        )
    if passphrase and not encrypted:
        raise ConflictError(
            f"a passphrase is set, but the private key {path} is stored unencrypted",
            code="key-passphrase",
            hint=f"Encrypt it (openssl pkcs8 -topk8 -v2 aes-256-cbc -in {path} -out NEW), or unset the passphrase.",
        )
    return _parse_pem(pem, passphrase if encrypted else None, path)


def load_or_create_signer(path: Path, passphrase: bytes | None = None) -> Signer:
    """The key in `path`, created on first use as `create_private_file` does.

    Raises what `load_signer` raises, and ConflictError (`key-unwritable`) if the file cannot be created.
    """
    if not os.path.lexists(path):
        create_private_file(path, Signer.generate().to_pem(passphrase))
    return load_signer(path, passphrase)


def create_private_file(path: Path, content: bytes) -> None:
    """Creates a file (0600) in a folder (0700), complete or not at all. If another process was first, its file stays.

    Raises ConflictError (`key-unwritable`).
    """
    try:
        _create(path, content)
    except OSError as error:
        raise ConflictError(
            f"cannot store a new private key at {path}: {error.strerror or error}", code="key-unwritable"
        ) from error


def _create(path: Path, pem: bytes) -> None:
    """Writes a temporary file and links it into place, so that the key of the first process stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_private_file(path: Path, *, own_folder: bool = True) -> bytes:
    """Reads a small file of this user alone. Raises ConflictError (`key-missing`, `key-permissions`), InputError."""
    try:
        with open_regular(path) as file:
            _require_private(path, os.fstat(file.fileno()), "600")
            if own_folder:
                _require_private(path.parent, path.parent.stat(), "700")
            data = file.read(MAX_KEY_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise ConflictError(f"there is no private key at {path}", code="key-missing") from error
    except OSError as error:
        raise ConflictError(
            f"cannot read the private key {path}: {error.strerror or error}", code="key-permissions"
        ) from error
    if len(data) > MAX_KEY_FILE_BYTES:
        raise InputError(f"{path} is not a private key: larger than {MAX_KEY_FILE_BYTES} bytes", code="key-damaged")
    return data


def _require_private(path: Path, status: os.stat_result, wanted: str) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise ConflictError(
            f"other users can read {path} (mode {mode:o}), which holds a private key",
            code="key-permissions",
            hint=f"Run: chmod {wanted} {path}. If other people have access to this machine, replace the key.",
        )
    if os.geteuid() not in (0, status.st_uid):
        raise ConflictError(f"{path} holds a private key and belongs to another user", code="key-permissions")


def _parse_pem(pem: bytes, passphrase: bytes | None, path: Path) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if passphrase:
            raise ConflictError(
                f"the passphrase for the private key {path} is wrong, or the file is damaged",
                code="key-passphrase",
                hint="Check ARTLEDGER_KEY_PASSPHRASE.",
            ) from error
        raise InputError(
            f"the private key {path} is damaged", code="key-damaged", hint="Restore it from a backup."
        ) from error
