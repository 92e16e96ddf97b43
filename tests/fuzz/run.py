"""`python -m tests.fuzz.run TARGET [libFuzzer options]`: coverage-guided fuzzing of one parser (README.md here)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ledger"]):
    from tests.fuzz.parsers import TARGETS, accepts, seeds


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        raise SystemExit(f"usage: python -m tests.fuzz.run {'|'.join(TARGETS)} [libFuzzer options]")
    name, options = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory(prefix="artledger-fuzz-") as corpus:
        for number, seed in enumerate(seeds(name)):
            (Path(corpus) / str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], *options, corpus], lambda data: accepts(name, data) and None)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
