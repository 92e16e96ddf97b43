"""Certificates: self-made ones as C2PA wants them, and those that somebody else issued."""

from __future__ import annotations

from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ledger.errors import InputError
from ledger.image.credentials.signer import new_certificate, roots_of, signer_of


@cache
def made() -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    return new_certificate("Artledger log.example/" + "x" * 100)


def test_a_self_made_chain() -> None:
    key, chain = made()
    leaf, root = x509.load_pem_x509_certificates(chain)
    assert leaf.public_key() == key.public_key()
    leaf.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value == x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    )
    assert leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    issuer = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert issuer == root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    [organisation] = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert len(str(organisation.value)) == 64


def test_only_what_is_beyond_the_leaf_is_trusted() -> None:
    _, root = x509.load_pem_x509_certificates(made()[1])
    assert x509.load_pem_x509_certificates(roots_of(made()[1]).encode()) == [root]


def test_nothing_secret_is_shown() -> None:
    signer = signer_of(*made())
    assert signer.key_pem.startswith(b"-----BEGIN PRIVATE KEY-----")
    assert "PRIVATE" not in repr(signer)


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256K1()),
     ed25519.Ed25519PrivateKey.generate(),
     rsa.generate_private_key(65537, 2048), dsa.generate_private_key(2048)],
    ids=["other key", "unknown curve", "ed25519", "rsa", "dsa"],
)  # fmt: skip
def test_a_key_that_is_not_the_certificates(key: PrivateKeyTypes) -> None:
    with pytest.raises(InputError) as caught:
        signer_of(key, made()[1])
    assert caught.value.code == "credentials-certificate"


def test_a_chain_that_is_none() -> None:
    for chain in (b"", b"text", made()[1][:200]):
        with pytest.raises(InputError) as caught:
            roots_of(chain)
        assert caught.value.code == "credentials-certificate"
