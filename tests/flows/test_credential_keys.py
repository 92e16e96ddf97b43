"""The certificate that signs files: made once and kept, or the operator's own."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ledger.app import Application, open_application
from ledger.errors import ConflictError, InputError
from ledger.flows.pictures.credential_keys import CREDENTIAL_KEY_FILE, OperatorCredentials, OwnCredentials
from ledger.image.credentials.signer import new_certificate
from tests.image.credentials.samples import ASSERTION, PIXELS


def own(tmp_path: Path, passphrase: bytes | None = None) -> OwnCredentials:
    return OwnCredentials(tmp_path / "keys" / CREDENTIAL_KEY_FILE, "Here", passphrase)


def test_made_once_and_kept(tmp_path: Path) -> None:
    assert own(tmp_path).roots() == ""
    assert not own(tmp_path).path.exists()
    first = own(tmp_path).signer()
    assert own(tmp_path).signer() == first
    assert own(tmp_path).roots().encode() in first.certificates
    assert stat.S_IMODE(own(tmp_path).path.stat().st_mode) == 0o600
    assert stat.S_IMODE(own(tmp_path).path.parent.stat().st_mode) == 0o700


def test_of_many_at_once_one_wins(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        signers = list(threads.map(lambda _: own(tmp_path).signer(), range(8)))
    assert len({signer.certificates for signer in signers}) == 1


def test_a_passphrase_encrypts_the_key_and_not_the_root(tmp_path: Path) -> None:
    secret = own(tmp_path, b"secret")
    signer = secret.signer()
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in secret.path.read_bytes()
    assert secret.signer() == signer
    assert own(tmp_path).roots() == secret.roots() != ""
    for passphrase in (None, b"wrong"):
        with pytest.raises(ConflictError) as caught:
            own(tmp_path, passphrase).signer()
        assert caught.value.code == "key-passphrase"


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    own(tmp_path).signer()
    own(tmp_path).path.chmod(0o644)
    with pytest.raises(ConflictError) as caught:
        own(tmp_path).signer()
    assert caught.value.code == "key-permissions"


def test_the_operators_own(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    key, chain = new_certificate("Publisher")
    (tmp_path / "chain.pem").write_bytes(chain)
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "key.pem").chmod(0o600)
    settings = {"c2pa_certificate": tmp_path / "chain.pem", "c2pa_key": tmp_path / "key.pem"}
    with open_application(data_dir=tmp_path / "data", **settings) as application:
        signer = application.pictures.credential_keys.signer()
        assert signer.certificates == chain
        assert application.pictures.credential_keys.roots().encode() in chain
    other = new_certificate("Other")[1]
    (tmp_path / "other.pem").write_bytes(other)
    with pytest.raises(InputError) as caught:
        OperatorCredentials(tmp_path / "other.pem", tmp_path / "key.pem").signer()
    assert caught.value.code == "credentials-certificate"
    with pytest.raises(ConflictError) as missing:
        OperatorCredentials(tmp_path / "missing.pem", tmp_path / "key.pem").roots()
    assert missing.value.code == "credentials-certificate"


@pytest.mark.parametrize("name", ["c2pa_certificate", "c2pa_key"])
def test_one_setting_without_the_other(tmp_path: Path, name: str) -> None:
    with (
        open_application(data_dir=tmp_path / "data", **{name: tmp_path / "x.pem"}) as application,
        pytest.raises(InputError, match="must be set together"),
    ):
        _ = application.pictures.credential_keys


def test_the_certificate_names_the_log(application: Application) -> None:
    keys = application.pictures.credential_keys
    assert isinstance(keys, OwnCredentials)
    assert keys.organisation == f"Artledger {application.log.origin}"


@pytest.mark.parametrize("value", [None, "DMI-PROHIBITED-AIMLTRAINING"])
def test_the_operator_chooses_what_files_say_of_data_mining(
    database_url: str, tmp_path: Path, value: str | None
) -> None:
    with open_application(data_dir=tmp_path / "data", database_url=database_url, data_mining=value) as application:
        data = application.pictures.handing_out.make_file(PIXELS, "image/png", ASSERTION).data
    said = b"" if value is None else b"http://ns.useplus.org/ldf/vocab/" + value.encode()
    assert said in data
    assert (b"DataMining" in data, b"cawg.training-mining" in data) == (value is not None,) * 2
