"""Collections that are made to cost memory or time: each is answered by one sentence. The long forms measure it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.corpus.source_registry import open_source
from tests.corpus.test_shards import _header

MEASURE = """
import json, resource, sys
from ledger.corpus.source_registry import open_source
from ledger.errors import InputError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
code = None
try:
    listed = list(open_source(sys.argv[1], None, bytes).items())
except InputError as error:
    code = error.code
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"code": code, "mebibytes": (peak - before) // 1024}))
"""


def _labels(folder: Path, lines: Iterator[bytes]) -> str:
    with (folder / "labels.csv").open("wb") as file:
        file.write(b"file,title,artist\n")
        file.writelines(lines)
    return str(folder)


def _tar(folder: Path, members: int) -> str:
    with (folder / "a.tar").open("wb") as file:
        file.writelines(_header(b"%07d.jpg" % number, 0) for number in range(members))
    return f"webdataset:{folder / 'a.tar'}"


LONG: dict[str, tuple[Callable[[Path], str], str | None, int, int]] = {
    "500 MB": (lambda at: _labels(at, (b"a.png,t,a\n" * 1000 for _ in range(50_000))), "labels-too-large", 50, 5),
    "ten million rows of one byte": (lambda at: _labels(at, (b"x\n" for _ in range(10**7))), "labels-syntax", 50, 60),
    "ten million empty rows": (lambda at: _labels(at, (b"\n" for _ in range(10**7))), "labels-too-large", 50, 60),
    "a row of 100 MB": (lambda at: _labels(at, (b"x" * 10**6 for _ in range(100))), "labels-row-too-large", 50, 5),
    "a million good rows": (
        lambda at: _labels(at, (b"%07d.png,t,a\n" % number for number in range(10**6))), None, 2048, 900,
    ),
    "a tar of a million members": (lambda at: _tar(at, 10**6), None, 3072, 900),
}  # fmt: skip
"""What makes it, the answer, and the most mebibytes and seconds."""


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", LONG)
def test_the_long_form(tmp_path: Path, kind: str) -> None:
    make, code, mebibytes, seconds = LONG[kind]
    spec = make(tmp_path)
    started = time.monotonic()
    run = subprocess.run([sys.executable, "-c", MEASURE, spec], capture_output=True, check=True)
    found: dict[str, Any] = json.loads(run.stdout)
    print(kind, found, f"{time.monotonic() - started:.0f} s")
    assert found["code"] == code
    assert found["mebibytes"] < mebibytes
    assert time.monotonic() - started < seconds


def test_the_short_form_of_a_tar_with_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.corpus.shards.tar_members.MAX_MEMBERS", 50)
    *listed, refused = open_source(_tar(tmp_path, 60), None, bytes).items()
    assert (len(listed), refused.key) == (50, "a (shard)")
