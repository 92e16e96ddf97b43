"""Software that we did not write accepts a log of real records, and refuses it after any change."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from tlog_scales import signing
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.tiles import leaf_hash as scales_leaf_hash
from tlog_scales.tlog import InclusionProofInvalid

from tests.benchmarks.audit import records, write_log
from tests.log.keys import note_signer
from tests.needs import GO_PACKAGES, require

RECORDS = 10_000
VKEY = str(note_signer().key)
SCALES_REFUSALS = (InclusionProofInvalid, InvalidSignature, AssertionError, RuntimeError, ValueError)
CHANGED = [
    "checkpoint",
    "tile/0/007",
    "tile/0/039.p/16",
    "tile/1/000.p/39",
    "tile/entries/020",
    "tile/entries/039.p/16",
]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("records") / "log"
    write_log(records(RECORDS), folder)
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "log"))


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 1
    file.write_bytes(data)


def read_with_tlog_scales(folder: Path) -> int:
    """Raises whatever it raises for what is wrong."""
    reader = TilesReader(LocalBackend(folder))
    checkpoint = reader.get_checkpoint()
    checkpoint.verify(signing.Vkey.from_string(VKEY))
    assert checkpoint.root_hash == reader.mth(0, checkpoint.size)
    for index in range(checkpoint.size):
        proof = reader.get_inclusion_proof(index, checkpoint.size)
        proof.check(scales_leaf_hash(reader.get_entry(index)), checkpoint.root_hash)
    return int(checkpoint.size)


def test_tlog_scales_accepts(original: Path) -> None:
    assert read_with_tlog_scales(original) == RECORDS


@pytest.mark.parametrize("path", CHANGED)
def test_tlog_scales_refuses(folder: Path, path: str) -> None:
    flip(folder / path)
    with pytest.raises(SCALES_REFUSALS):
        read_with_tlog_scales(folder)


@pytest.fixture(scope="module")
def sumdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require("go")
    cache = tmp_path_factory.mktemp("go")
    program = cache / "sumdb"
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": str(GO_PACKAGES), "GOCACHE": str(cache / "cache")}
    source = Path(__file__).with_name("sumdb") / "main.go"
    subprocess.run(["go", "build", "-o", str(program), str(source)], env=environment, check=True)
    return program


def run(program: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, folder, VKEY], capture_output=True, text=True, check=False)


def test_go_sumdb_accepts(sumdb: Path, original: Path) -> None:
    result = run(sumdb, original)
    assert (result.returncode, result.stdout) == (0, f"{RECORDS}\n"), result.stderr


@pytest.mark.parametrize("path", CHANGED)
def test_go_sumdb_refuses(sumdb: Path, folder: Path, path: str) -> None:
    flip(folder / path)
    result = run(sumdb, folder)
    assert result.returncode == 1
    assert result.stdout == ""
