"""Running the command line in tests: in this process for most, in a process of its own where that is the point."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.command_line import run

ART = Path(__file__).parents[1] / "data" / "art"
REGISTERED = ART / "beagle_copper_ganson.png"
UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """Stdout as the one JSON document that it must be."""
        return json.loads(self.stdout)


@dataclass(frozen=True, slots=True)
class Commands:
    """Runs commands in this process, with everything that they print captured."""

    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str | Path | int) -> Ran:
        self.capture.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = self.capture.readouterr()
        return Ran(code, captured.out, captured.err)


def run_process(*arguments: str | Path, env: Mapping[str, str] | None = None, prelude: str = "") -> Ran:
    """Runs a command in a process of its own; `prelude` is Python that runs first."""
    program = f"{prelude}\nfrom cli.main import main\nmain()\n"
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(env or {})},
    )
    return Ran(done.returncode, done.stdout, done.stderr)
