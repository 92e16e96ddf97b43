"""The independent verifier, run where the project is not: on the conformance cases, and on a log of 2,000 leaves."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.log.entry import Draft
from tests.audit.material import LOG_VKEY, NOTE_SIGNER
from tests.conformance.build import FOLDER
from tests.conformance.story import (
    ARTIST,
    ARTIST_KEY,
    AUDITOR_KEY,
    LATER_KEY,
    OPERATOR,
    SAMPLES,
    SILENT,
    STRANGER,
    Story,
    key,
    told,
    work,
)
from tests.log.logs import Log
from tests.record.samples import SIGNER, sha, uid

SOURCE = Path(__file__).with_name("verifier.py")
CASES = sorted(path for path in FOLDER.iterdir() if path.is_dir())
LEAVES = 2000
RUN = """
import runpy, sys
try:
    runpy.run_module("tests.conformance.verifier", run_name="__main__", alter_sys=True)
finally:
    assert not {"ledger", "api", "cli", "pydantic"} & {name.partition(".")[0] for name in sys.modules}
"""


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the verifier and FORMAT.md, and nothing else of the project."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "tests/conformance").mkdir(parents=True)
    shutil.copy(SOURCE, folder / "tests/conformance")
    shutil.copy(FOLDER.parents[2] / "FORMAT.md", folder)
    return folder


def verifier(outside: Path, *arguments: str | Path) -> tuple[int, str]:
    """Exit code and what it said; without the environment, the user's packages and this repository."""
    command = [sys.executable, "-E", "-s", "-c", RUN, *map(str, arguments)]
    done = subprocess.run(command, cwd=outside, capture_output=True, text=True, timeout=120, check=False)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout.strip()


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case: Path, outside: Path) -> None:
    code, said = verifier(outside, "bundle", case, case / "log.vkey")
    if case.name.endswith("_fail"):
        assert code == 1
        assert said.startswith("refused: ")
        assert "\n" not in said
    else:
        assert (code, said) == (0, "accepted")


def test_one_file_that_imports_nothing_of_the_project() -> None:
    nodes = list(ast.walk(ast.parse(SOURCE.read_text())))
    modules = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    modules |= {node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)}
    foreign = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    assert foreign == {"cryptography"}
    assert SOURCE.read_text().count("\n") < 320, "an auditor reads all of it"


def test_usage(outside: Path) -> None:
    assert verifier(outside)[0] == 2
    assert verifier(outside, "log", outside)[0] == 2
    assert verifier(outside, "tree", outside, outside)[0] == 2


def grown() -> Story:
    """The story and what follows it, up to 2,000 leaves: works of two artists, terms, pictures and further keys."""
    story = told()
    calibration, registered = story.ref(5), story.ref(7)
    while len(story.leaves) < LEAVES:
        number = 10_000 + len(story.leaves)
        match number % 10:
            case 0:
                story.add("verification", refs=[calibration, registered])
            case 1:
                story.add("generation", refs=[calibration, registered])
            case 2 | 3:
                registered = story.add("registration", SIGNER, LATER_KEY, **work(number, ARTIST))
            case 4:
                subject = sha(f"file {number - 1}")
                story.add("consent", SIGNER, LATER_KEY, subject=subject, work_id=uid(number - 1), refs=[registered])
            case _:
                registered = story.add("registration", **work(number, SILENT))
    return story


def publish(folder: Path, story: Story) -> Path:
    """The folder of the published log."""
    log = Log.at(folder, NOTE_SIGNER)
    log.entries.append([Draft(str(uuid.uuid4()), leaf) for leaf in story.leaves])
    log.grow(0)
    (folder / "vkey").write_text(LOG_VKEY)
    return Path(log.location)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("published"), grown())


def replayed(outside: Path, log: Path) -> tuple[int, str]:
    return verifier(outside, "log", log, log.parent / "vkey")


def test_a_log_of_two_thousand_leaves(outside: Path, published: Path) -> None:
    assert int((published / "checkpoint").read_text().split("\n")[1]) == LEAVES
    assert replayed(outside, published) == (0, "accepted")


@pytest.mark.parametrize(
    "flip",
    [
        ("tile/entries/000", 70_000, "leaf "),
        ("tile/entries/007.p/208", -20, "leaf 1999: "),
        ("tile/entries/003", 1, "leaf 768: "),
        ("tile/0/002", 100, "level 0 has another tile"),
        ("tile/1/000.p/7", 100, "level 1 has another tile"),
        ("checkpoint", 40, "the signature by localhost/artledger/0123abcd is wrong"),
    ],
)
def test_one_byte(outside: Path, published: Path, tmp_path: Path, flip: tuple[str, int, str]) -> None:
    file, place, said = flip
    shutil.copytree(published.parent, tmp_path / "copy")
    damaged = tmp_path / "copy" / published.name / file
    data = bytearray(damaged.read_bytes())
    data[place] ^= 1
    damaged.write_bytes(data)
    code, answer = replayed(outside, tmp_path / "copy" / published.name)
    assert code == 1
    assert answer.startswith(f"refused: {said}")


def test_a_length_past_the_end(outside: Path, published: Path, tmp_path: Path) -> None:
    shutil.copytree(published.parent, tmp_path / "copy")
    damaged = tmp_path / "copy" / published.name / "tile/entries/007.p/208"
    data, last = bytearray(damaged.read_bytes()), 0
    while (end := last + 2 + int.from_bytes(data[last : last + 2])) < len(data):
        last = end
    data[last : last + 2] = (len(data) - last - 1).to_bytes(2)
    damaged.write_bytes(data)
    assert replayed(outside, tmp_path / "copy" / published.name) == (1, "refused: leaf 1999: breaks off")


def _other_shares() -> dict[str, Any]:
    attribution = SAMPLES["verification"][1]["attribution"]
    return {"attribution": attribution | {"shares": [], "unattributed": "1.000000"}}


LIES: dict[str, tuple[Callable[[Story], object], str]] = {
    "another origin": (
        lambda story: story.add("registration", **work(900), origin="log.example/other"),
        "made for the log log.example/other",
    ),
    "no signature of the maker": (
        lambda story: story.add("registration", **work(900, ARTIST)),
        "signature-missing",
    ),
    "signed by a revoked key": (
        lambda story: story.add("registration", SIGNER, ARTIST_KEY, **work(900, ARTIST)),
        "somebody else's signature",
    ),
    "signed by somebody else": (
        lambda story: story.add("registration", SIGNER, AUDITOR_KEY, **work(900)),
        "somebody else's signature",
    ),
    "signed by a key that nobody announced": (
        lambda story: story.add("verification", STRANGER, refs=[]),
        "no earlier leaf announces the key",
    ),
    "another key without the good one": (
        lambda story: story.add("key", SIGNER, STRANGER, **key(STRANGER, "artist", ARTIST)),
        "signature-missing",
    ),
    "a response in a generator's name": (
        lambda story: story.add(
            "response", party_id=OPERATOR, subject=story.payload(17), refs=[story.ref(17)]
        ),
        "signature-missing",
    ),
    "a resolution that no auditor signed": (
        lambda story: story.add(
            "resolution", auditor_id=uid(999), subject=story.payload(17), refs=[story.ref(17), story.ref(19)]
        ),
        "signature-missing",
    ),
    "a foreign reference": (
        lambda story: story.add("verification", refs=[{"leaf_hash": sha("x"), "record_id": uid(5)}]),
        "no earlier leaf is",
    ),
    "a reference with another leaf hash": (
        lambda story: story.add("verification", refs=[story.ref(5) | {"leaf_hash": sha("x")}]),
        "no earlier leaf is",
    ),
    "a reference to another kind": (
        lambda story: story.add("verification", refs=[story.ref(6)]),
        "verification cannot name model",
    ),
    "another's work": (
        lambda story: story.add("claim", claimant_id=SILENT, works=[uid(801)], refs=[story.ref(8)]),
        "claimant_id is not the artist_id",
    ),
    "other shares": (lambda story: story.add("verification", refs=[], **_other_shares()), "wrong-conclusion"),
    "another verdict": (lambda story: story.add("verification", refs=[], verdict="none"), "wrong-conclusion"),
    "a record id again": (
        lambda story: story.add("registration", **work(900), record_id=uid(100_007)),
        "the record id",
    ),
    "a work again": (lambda story: story.add("registration", **work(800)), "a registration of the work is on"),
    "a field that no record has": (lambda story: story.add("model", note=""), "has not the members"),
    "a picture that was not decided, blocked": (
        lambda story: story.add("generation", refs=[], policy=None, origin_of_image="reported", guard="block"),
        "the generation breaks the rule",
    ),
}  # fmt: skip


def test_the_story_without_a_lie(outside: Path, tmp_path: Path) -> None:
    assert replayed(outside, publish(tmp_path, told())) == (0, "accepted")


@pytest.mark.parametrize("lie", LIES)
def test_lie(outside: Path, tmp_path: Path, lie: str) -> None:
    story = told()
    tell, said = LIES[lie]
    tell(story)
    code, answer = replayed(outside, publish(tmp_path, story))
    assert code == 1
    assert answer.startswith(f"refused: leaf {len(story.leaves) - 1}: ")
    assert said in answer
