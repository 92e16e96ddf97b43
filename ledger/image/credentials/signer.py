"""The signer of Content Credentials: a certificate chain (X.509, RFC 5280) and its private key."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ledger.errors import InputError

YEARS = 20
"""Validity of a self-made certificate. There are no time stamps, so its signatures count as expired afterwards."""

_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_LONGEST_NAME = 64
"""Longest organisation or common name (RFC 5280, appendix A.1)."""


@dataclass(frozen=True, slots=True)
class CredentialSigner:
    """Signs manifests. Its repr shows nothing secret."""

    certificates: bytes
    """PEM; the signer's own certificate comes first."""
    algorithm: str
    """C2PA 2.2, section 13.2: `es256`, `es384`, `es512`, `ps256` or `ed25519`."""
    key_pem: bytes = field(repr=False)
    """Unencrypted PKCS #8, only in memory."""


def signer_of(key: PrivateKeyTypes, certificates: bytes) -> CredentialSigner:
    """A signer from key and chain (PEM). Raises InputError (`credentials-certificate`) if they do not fit together."""
    leaf = _certificates(certificates)[0]
    algorithm = _algorithm(key)
    if algorithm is None:
        raise InputError(
            "Content Credentials cannot be signed with a key of this kind",
            code="credentials-certificate",
            hint="Use an elliptic-curve key (P-256, P-384 or P-521), an Ed25519 key or an RSA key.",
        )
    if _spki(leaf.public_key()) != _spki(key.public_key()):
        raise InputError(
            "the certificate for Content Credentials does not belong to this private key",
            code="credentials-certificate",
            hint="Begin the chain with the signer's own certificate.",
        )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return CredentialSigner(certificates, algorithm, pem)


def roots_of(certificates: bytes) -> str:
    """The trusted part of a chain (PEM): the certificates after the signer's own.

    Raises InputError (`credentials-certificate`).
    """
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in _certificates(certificates)[1:])


def new_certificate(organisation: str) -> tuple[EllipticCurvePrivateKey, bytes]:
    """A new key (P-256) and its chain: a leaf certificate (C2PA 2.2, section 14.5.1) and the root that signed it.

    The root's key is not kept, so it can never sign a second certificate.
    """
    name = organisation[:_LONGEST_NAME]
    root_key, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    root_name, leaf_name = _name(name, "Artledger root"), _name(name, "Artledger Content Credentials")
    root_id = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    root = (
        _builder(root_name, root_name, root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .add_extension(root_id, critical=False)
        .sign(root_key, SHA256())
    )
    leaf = (
        _builder(leaf_name, root_name, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id), critical=False)
        .sign(root_key, SHA256())
    )
    return key, leaf.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM)


def _builder(subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # One hour of tolerance for readers whose clock is slow.
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=365 * YEARS))
    )


def _name(organisation: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _algorithm(key: PrivateKeyTypes) -> str | None:
    if isinstance(key, EllipticCurvePrivateKey):
        return _CURVES.get(key.curve.name)
    if isinstance(key, RSAPrivateKey):
        return "ps256"
    return "ed25519" if isinstance(key, Ed25519PrivateKey) else None


def _certificates(pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise InputError(
            "the certificate chain for Content Credentials is not PEM", code="credentials-certificate"
        ) from error


def _spki(public: object) -> bytes:
    """The public key's bytes. Every key in a certificate has them, but the types do not say so."""
    encoded: bytes = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]  # as above
    return encoded
