"""`from ledger import verify_bundle, ...`: what programs use, without anything heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import ledger
from ledger import verify_bundle
from ledger.errors import InputError, NotFoundError, VerificationError
from tests.audit.material import BUNDLE, LOG_OF_SEVEN, LOG_VKEY, VERIFIED_INDEX
from tests.record.samples import ORIGIN, OTHER, SIGNER

CASES = Path(__file__).parent / "conformance" / "bundle"


def test_a_good_bundle() -> None:
    found = verify_bundle(BUNDLE, LOG_VKEY)
    assert found
    assert found.verified
    assert (found.leaf_index, found.tree_size, found.origin) == (VERIFIED_INDEX, 7, ORIGIN)
    statement = found.require()
    assert statement["predicateType"] == "urn:artledger:verification:v1"
    assert verify_bundle(BUNDLE, LOG_VKEY, record_keys=[SIGNER.public_raw])
    assert not verify_bundle(BUNDLE, LOG_VKEY, record_keys=[OTHER.public_raw])


def test_a_bundle_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(BUNDLE)
    assert verify_bundle(tmp_path / "b.json", LOG_VKEY)
    with pytest.raises(NotFoundError):
        verify_bundle(tmp_path / "c.json", LOG_VKEY)
    with pytest.raises(InputError) as refusal:
        verify_bundle(tmp_path, LOG_VKEY)
    assert refusal.value.code == "unreadable"


def test_a_bundle_that_is_wrong_says_nothing() -> None:
    """The outcome is false in a condition, and nothing in it can be taken for what was signed."""
    for place in range(0, len(BUNDLE), 97):
        data = bytearray(BUNDLE)
        data[place] ^= 1
        found = verify_bundle(bytes(data), LOG_VKEY)
        assert not found
        assert (found.statement, found.leaf_index, found.origin) == (None, None, None)
        assert any(check.outcome == "failed" for check in found.checks)
        with pytest.raises(VerificationError):
            found.require()


def test_keys_and_policies_that_are_none() -> None:
    with pytest.raises(InputError) as refusal:
        verify_bundle(BUNDLE, "no key")
    assert refusal.value.code == "bad-vkey"
    with pytest.raises(InputError) as refusal:
        verify_bundle(BUNDLE, LOG_VKEY, witness_policy=b"nonsense")
    assert refusal.value.code == "bad-policy"
    assert verify_bundle(BUNDLE, LOG_VKEY, witness_policy=b"quorum none\n")


def test_what_a_bundle_is_about(tmp_path: Path) -> None:
    """The subject of the log's first record is the file of the raw public key."""
    data = LOG_OF_SEVEN.bundle(0).to_bytes()
    (tmp_path / "key").write_bytes(SIGNER.public_raw)
    assert verify_bundle(data, LOG_VKEY).is_about(tmp_path / "key")
    assert verify_bundle(data, LOG_VKEY).is_about(SIGNER.public_raw)
    assert not verify_bundle(data, LOG_VKEY).is_about(OTHER.public_raw)
    assert not verify_bundle(data[:-1], LOG_VKEY).is_about(SIGNER.public_raw), "nothing is known of it"


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir() if path.is_dir()))
def test_every_conformance_case(case: str) -> None:
    folder = CASES / case
    policy, keys = folder / "policy", folder / "record_keys"
    record_keys = [bytes.fromhex(line) for line in keys.read_text().split()] if keys.exists() else []
    found = verify_bundle(
        folder / "bundle.json",
        (folder / "log.vkey").read_text().strip(),
        record_keys=record_keys,
        witness_policy=policy if policy.exists() else None,
    )
    assert found.verified is not case.endswith("_fail")


def test_nothing_heavy_is_loaded(tmp_path: Path) -> None:
    """As in the auditor's install: the libraries are not there at all."""
    (tmp_path / "b.json").write_bytes(BUNDLE)
    program = (
        "import json, sys\n"
        "heavy = ('numpy', 'torch', 'sqlalchemy', 'psycopg', 'PIL', 'cv2', 'diffusers', 'transformers', 'fastapi')\n"
        "sys.modules.update(dict.fromkeys(heavy))\n"
        "import ledger\n"
        "light = sorted(name for name in sys.modules if name.startswith('ledger.'))\n"
        "from pathlib import Path\n"
        "from ledger import verify_bundle\n"
        f"found = verify_bundle(Path({str(tmp_path / 'b.json')!r}), {LOG_VKEY!r})\n"
        "print(json.dumps([light, found.verified]))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == [[], True]


def test_the_names_of_the_package() -> None:
    assert set(ledger.__all__) <= set(dir(ledger))
    assert all(callable(getattr(ledger, name)) for name in ledger.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = ledger.nothing  # type: ignore[attr-defined]
