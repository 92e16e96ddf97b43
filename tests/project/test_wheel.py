"""The built wheel in a clean environment: what an auditor installs, and what an auditor then has."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "conformance" / "bundle"
TOP_LEVEL = {"ledger", "api", "cli", "migrations"}
HEAVY = ("torch", "sqlalchemy", "psycopg", "numpy", "PIL", "fastapi", "diffusers", "transformers", "alembic")
DATA = {
    "ledger/fingerprint/weights/copy-v3.safetensors",
    "ledger/match/data/null-v3.safetensors",
    "ledger/match/data/ranking-v3.json",
    "ledger/corpus/creators.toml",
    "api/pages/templates/base.html",
    "api/pages/static/verify.js",
    "migrations/script.py.mako",
    "migrations/env.py",
}


def run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Without PYTHONPATH, which would put the repository's files before the installed ones."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [str(part) for part in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=cwd, env=environment)


def tracked() -> list[str]:
    """What the repository holds; a source archive without git has what it has."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    assert listed.returncode == 0, listed.stderr
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the repository's files, so that nothing left over from earlier builds gets in."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in tracked():
        if name.partition("/")[0] in TOP_LEVEL or "/" not in name:
            copy = source / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / name).read_bytes())
    made = run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", built, source)
    assert made.returncode == 0, made.stderr
    (found,) = built.glob("artledger-*.whl")
    return found


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with nothing but the auditor's install."""
    folder = tmp_path_factory.mktemp("auditor") / "venv"
    venv.create(folder, with_pip=False)
    installed = run(
        *(sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "-q"),
        *("--no-compile", "-c", ROOT / "constraints.txt", f"artledger[audit] @ {wheel.as_uri()}"),
    )
    assert installed.returncode == 0, installed.stderr
    return folder / "bin" / "python"


def test_the_wheel_has_these_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == TOP_LEVEL
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {name.partition(".")[0] for name in packages} == TOP_LEVEL


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert names >= DATA
    ours = {name for name in tracked() if name.partition("/")[0] in TOP_LEVEL}
    assert ours - names == set()


def test_an_auditor_gets_nothing_heavy(python: Path, tmp_path: Path) -> None:
    program = (
        "import importlib.util, sys\n"
        f"print([name for name in {HEAVY!r} if importlib.util.find_spec(name) is not None])\n"
        "import ledger.audit.verifier, ledger.audit.picture, ledger.audit.whole_log.replay, cli.command_line\n"
        "print(ledger.audit.verifier.__file__)\n"
        "from pathlib import Path\n"
        f"case = Path({str(CASES / 'verification')!r})\n"
        "key = (case / 'log.vkey').read_text().strip()\n"
        "print(ledger.verify_bundle(case / 'bundle.json', key).verified)\n"
    )
    ended = run(python, "-c", program, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    heavy, where, verified = ended.stdout.splitlines()
    assert verified == "True"
    assert heavy == "[]"
    assert where.startswith(str(python.parents[1])), "not the repository's files"


@pytest.mark.parametrize("case", ["verification", "tree-of-257", "forged-signature_fail", "wrong-index_fail"])
def test_an_auditor_checks_bundles(case: str, python: Path, tmp_path: Path) -> None:
    bundle, key = CASES / case / "bundle.json", (CASES / case / "log.vkey").read_text().strip()
    artledger = python.with_name("artledger")
    ended = run(artledger, "audit", "bundle", bundle, "--key", key, cwd=tmp_path)
    assert ended.returncode == (1 if case.endswith("_fail") else 0), ended.stdout + ended.stderr
    tampered = bytearray(bundle.read_bytes())
    tampered[len(tampered) // 3] ^= 1
    (tmp_path / "tampered.json").write_bytes(tampered)
    assert run(artledger, "audit", "bundle", "tampered.json", "--key", key, cwd=tmp_path).returncode == 1


def test_an_auditor_is_told_what_is_missing_for_more(python: Path, tmp_path: Path) -> None:
    ended = run(python.with_name("artledger"), "corpus", "stats", "--data", tmp_path / "data", cwd=tmp_path)
    assert ended.returncode == 2
    assert "pip install '.[" in ended.stderr
    assert "Traceback" not in ended.stderr
