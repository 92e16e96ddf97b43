from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ConflictError, InputError, LedgerError, VerificationError
from ledger.record.keyid import keyid_of
from ledger.record.keys import Signer, load_or_create_signer, load_signer, require_sound_public_key, signature_is_valid

# RFC 8032 section 7.1, test 1.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")

# The eight points of small order and their non-canonical encodings (as libsodium lists them), with both signs of x.
SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def test_known_answer() -> None:
    signer = Signer.from_seed(SEED)
    assert signer.public_raw == PUBLIC
    assert signer.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a")
    assert signer.keyid == keyid_of(PUBLIC)
    require_sound_public_key(PUBLIC)


@pytest.mark.parametrize("encoded", SMALL_ORDER)
@pytest.mark.parametrize("sign_of_x", [0, 0x80])
def test_small_order_keys_are_refused(encoded: str, sign_of_x: int) -> None:
    raw = bytearray.fromhex(encoded)
    raw[31] |= sign_of_x
    with pytest.raises(VerificationError, match=r"small order|canonical") as caught:
        require_sound_public_key(bytes(raw))
    assert caught.value.code == "unsound-key"


def test_the_identity_would_verify_anything() -> None:
    """Why small-order keys must not get as far as the library: it accepts this forgery."""
    identity = bytes([1]) + bytes(31)
    forged = identity + bytes(32)
    with pytest.raises(VerificationError, match="small order"):
        signature_is_valid(identity, forged, b"anything at all")


@pytest.mark.parametrize("y", range(2**255 - 19, 2**255))
def test_non_canonical_keys_are_refused(y: int) -> None:
    with pytest.raises(VerificationError, match="canonical"):
        require_sound_public_key(y.to_bytes(32, "little"))


def test_points_off_the_curve_are_refused() -> None:
    with pytest.raises(VerificationError, match="not a point"):
        require_sound_public_key((2).to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(VerificationError, match=f"not {length}"):
        require_sound_public_key(bytes(length))


@given(st.binary(min_size=32, max_size=32))
def test_real_keys_are_sound_and_sign(seed: bytes) -> None:
    signer = Signer.from_seed(seed)
    require_sound_public_key(signer.public_raw)
    signature = signer.sign(seed)
    assert signature_is_valid(signer.public_raw, signature, seed)
    assert not signature_is_valid(signer.public_raw, signature, seed + b".")


@pytest.mark.parametrize("passphrase", [None, b"correct horse"])
def test_key_is_made_once_and_kept(tmp_path: Path, passphrase: bytes | None) -> None:
    path = tmp_path / "keys" / "record.pem"
    first = load_or_create_signer(path, passphrase)
    assert load_or_create_signer(path, passphrase).keyid == first.keyid
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["record.pem"]
    assert (b"ENCRYPTED" in path.read_bytes()) is (passphrase is not None)


def test_processes_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "record.pem"
    code = (
        "import sys, pathlib\n"
        "from ledger.record.keys import load_or_create_signer\n"
        "sys.stdin.readline()\n"
        f"print(load_or_create_signer(pathlib.Path({str(path)!r})).keyid)\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    keyids = {process.communicate()[0].strip() for process in processes}
    assert keyids == {load_signer(path).keyid}


def test_wrong_and_missing_and_needless_passphrases(tmp_path: Path) -> None:
    encrypted, plain = tmp_path / "keys" / "log.pem", tmp_path / "keys" / "record.pem"
    load_or_create_signer(encrypted, b"right")
    load_or_create_signer(plain)
    for path, passphrase in [(encrypted, b"wrong"), (encrypted, None), (plain, b"right")]:
        with pytest.raises(ConflictError) as caught:
            load_signer(path, passphrase)
        assert caught.value.code == "key-passphrase"
        assert caught.value.hint
        assert "right" not in caught.value.message


@pytest.mark.parametrize("target", ["file", "folder"])
def test_open_permissions_are_refused(tmp_path: Path, target: str) -> None:
    path = tmp_path / "keys" / "record.pem"
    load_or_create_signer(path)
    (path if target == "file" else path.parent).chmod(0o750)
    with pytest.raises(ConflictError, match="other users can read") as caught:
        load_or_create_signer(path)
    assert caught.value.code == "key-permissions"
    assert "chmod" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "content", [b"", b"rubbish", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_damaged_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = _private_file(tmp_path, content)
    with pytest.raises(InputError, match=r"record\.pem is damaged") as caught:
        load_or_create_signer(path)
    assert caught.value.code == "key-damaged"


def test_huge_files_and_other_algorithms_are_refused(tmp_path: Path) -> None:
    path = _private_file(tmp_path, b"x" * 20_000)
    with pytest.raises(InputError, match="larger"):
        load_signer(path)
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(other)
    with pytest.raises(InputError, match="not an Ed25519 key"):
        load_signer(path)


def test_missing_key_and_unusable_folder(tmp_path: Path) -> None:
    with pytest.raises(ConflictError) as caught:
        load_signer(tmp_path / "none.pem")
    assert caught.value.code == "key-missing"
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LedgerError) as unwritable:
        load_or_create_signer(tmp_path / "file" / "record.pem")
    assert unwritable.value.code == "key-unwritable"


def test_nothing_secret_in_repr() -> None:
    private = Ed25519PrivateKey.generate()
    assert private.private_bytes_raw().hex() not in repr(Signer(private))


def _private_file(tmp_path: Path, content: bytes) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    path = folder / "record.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    return path
