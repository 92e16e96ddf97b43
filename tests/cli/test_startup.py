"""Start-up stays light, and an auditor's install needs nothing but the base dependencies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.extras import EXTRA_OF
from tests.audit.material import BUNDLE, LOG_VKEY
from tests.cli.commands import run_process

WITHOUT_EXTRAS = f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {sorted(EXTRA_OF)!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
"""


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom cli.command_line import run\nrun(['verify', '--help'])\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stderr.split()
    assert not {*EXTRA_OF, "cryptography"} & set(loaded)


def test_numpy_starts_no_threads_that_would_only_spin() -> None:
    program = (
        "import os, sys\nfrom cli.main import main\nsys.argv = ['artledger', '--version']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "import numpy\nprint(*os.listdir('/proc/self/task'), file=sys.stderr)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert len(ended.stderr.split()) == 1


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "bundle.json"
    path.write_bytes(BUNDLE)
    return path


@pytest.mark.parametrize("arguments", [["bundle"], ["record"], ["bundle", "--explain", "--json"]])
def test_an_audit_needs_no_extra(arguments: list[str], bundle: Path, tmp_path: Path) -> None:
    ended = run_process(
        "audit", arguments[0], bundle, "--key", LOG_VKEY, *arguments[1:], "--data", tmp_path, prelude=WITHOUT_EXTRAS
    )
    assert ended.code == 0, ended.stderr


def test_a_picture_is_hashed_even_where_it_cannot_be_decoded(bundle: Path, tmp_path: Path) -> None:
    picture = tmp_path / "other.png"
    picture.write_bytes(b"not that picture")
    ended = run_process(
        "audit", "record", bundle, "--image", picture, "--key", LOG_VKEY, "--data", tmp_path, prelude=WITHOUT_EXTRAS
    )
    assert ended.code == 1
    assert "image bytes" in ended.stdout
    assert "not installed" in ended.stdout


def test_what_needs_an_extra_says_which(tmp_path: Path) -> None:
    ended = run_process("corpus", "stats", "--json", "--data", tmp_path, prelude=WITHOUT_EXTRAS)
    assert ended.code == 2
    assert ended.json["error"]["code"] == "missing-part"
    assert "pip install '.[" in ended.stderr


def test_a_worker_process_does_not_load_the_command_line() -> None:
    """multiprocessing runs the main module again in every process that it starts, under this name."""
    program = (
        "import runpy, sys\nrunpy.run_module('cli.main', run_name='__mp_main__')\n"
        "print(*(name for name in sys.modules if name.startswith(('cli.', 'typer'))))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == []
