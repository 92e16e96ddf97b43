"""Where the signer of Content Credentials comes from: the data folder, or the operator's own certificate."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from ledger.errors import ConflictError
from ledger.files import read_regular
from ledger.image.credentials.signer import CredentialSigner, new_certificate, roots_of, signer_of
from ledger.record.keys import MAX_KEY_FILE_BYTES, create_private_file, load_private_key, read_private_file

CREDENTIAL_KEY_FILE = "c2pa.pem"
"""The file below `keys/` for the self-made key: private key, its certificate and the root, in this order."""


@dataclass(frozen=True, slots=True)
class OwnCredentials:
    """A key and a certificate that this installation made for itself, in one file. The file is complete or absent."""

    path: Path
    organisation: str
    """Stands in the certificate's subject. Readers show it as the issuer."""
    passphrase: bytes | None = None

    def signer(self) -> CredentialSigner:
        """Makes the key on first use. Raises as `load_private_key` and `create_private_file` do."""
        if not os.path.lexists(self.path):
            key, certificates = new_certificate(self.organisation)
            protection: KeySerializationEncryption = (
                BestAvailableEncryption(self.passphrase) if self.passphrase else NoEncryption()
            )
            create_private_file(
                self.path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection) + certificates
            )
        return signer_of(load_private_key(self.path, self.passphrase), self._certificates())

    def roots(self) -> str:
        """The self-made root in PEM, which needs no passphrase; empty while there is no key."""
        return roots_of(self._certificates()) if os.path.lexists(self.path) else ""

    def _certificates(self) -> bytes:
        content = read_private_file(self.path)
        return content[content.find(b"-----BEGIN CERTIFICATE-----") :]


@dataclass(frozen=True, slots=True)
class OperatorCredentials:
    """A certificate that somebody issued to the operator (`ARTLEDGER_C2PA_CERTIFICATE`, `ARTLEDGER_C2PA_KEY`)."""

    certificate: Path
    """PEM: the chain, the operator's own certificate first, the root last."""
    key: Path
    passphrase: bytes | None = None

    def signer(self) -> CredentialSigner:
        """Raises as `load_private_key` does, ConflictError (`credentials-certificate`) for a chain that cannot be read,
        and InputError (the same code) for one that does not fit the key."""
        return signer_of(load_private_key(self.key, self.passphrase), self._certificates())

    def roots(self) -> str:
        """The chain beyond the operator's own certificate (PEM). Raises as `signer` does for the chain."""
        return roots_of(self._certificates())

    def _certificates(self) -> bytes:
        try:
            return read_regular(self.certificate, 4 * MAX_KEY_FILE_BYTES)
        except OSError as error:
            raise ConflictError(
                f"the certificate {self.certificate} cannot be read: {error.strerror or error}",
                code="credentials-certificate",
            ) from error
