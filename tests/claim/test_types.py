"""A new type of claim takes one file, a version of the rules, and its name in the format: tried out, and held to."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from ledger.claim import types
from ledger.claim.registry import CLAIM_TYPES
from ledger.claim.rules import current_rules
from ledger.claim.words import claim_meaning
from ledger.record.claim_values import ClaimType

ROOT = Path(__file__).parents[2]
NAMES: tuple[ClaimType, ...] = get_args(ClaimType)
NEWEST = current_rules().version
VALUES = "ledger/record/claim_values.py"
TYPE_FILES = "ledger/claim/types/"
LABORATORY = "ledger/lab/evaluate/"
"""Its stories file claims of every type, as the tests do."""
DRAWN_AFTER = """
from collections.abc import Iterator

from ledger.claim.case import Case, ClaimFinding
from ledger.claim.definition import ClaimDefinition
from ledger.claim.measures import Measures
from ledger.claim.pictures import works_shown


def _findings(case: Case, measures: Measures) -> Iterator[ClaimFinding]:
    for each in works_shown(case, measures):
        yield ClaimFinding.of("drawn-after-work", each.registration.ref)


DEFINITION = ClaimDefinition(
    name="drawn-after", meaning="claims that this picture was drawn after a work", findings=_findings,
    works="required", since_rules=THE_NEXT,
)
"""
"""A type that nobody needs."""
ASKED = """
import json, sys

from ledger.claim.decide import decide
from ledger.claim.rules import current_rules, published_rules
from ledger.claim.words import claim_meaning, limits
from ledger.errors import VerificationError
from tests.claim.cases import ARTIST, Scene
from ledger.match.lists import Relation

scene = Scene().work("mine", ARTIST, 100, Relation.EXACT)
old = published_rules(sys.argv[1])
decision = decide(scene.case("drawn-after"), current_rules())
try:
    decide(scene.case("drawn-after"), old)
except VerificationError as error:
    by_old = error.code
print(json.dumps({
    "verdict": decision.verdict,
    "findings": [each.code for each in decision.findings],
    "meaning": claim_meaning("drawn-after"),
    "limits": limits("drawn-after", current_rules()),
    "version": current_rules().version,
    "by_old_rules": by_old,
    "another_by_old_rules": decide(scene.case("authored-image"), old).verdict,
}))
"""


def test_the_files_define_what_the_format_names() -> None:
    assert list(CLAIM_TYPES) == sorted(NAMES), "one file each"
    stems = {file.stem for file in Path(types.__path__[0]).glob("*.py")} - {"__init__"}
    assert stems == {name.replace("-", "_") for name in NAMES}
    for name, definition in CLAIM_TYPES.items():
        assert definition.name == name
        assert claim_meaning(name).startswith("claims ")
        assert 1 <= definition.since_rules <= NEWEST


@pytest.mark.parametrize("name", NAMES)
def test_no_other_file_names_a_type(name: ClaimType) -> None:
    """Examples do, in help and in schemas: nothing is decided by them."""
    for package in ("ledger", "api", "cli"):
        for path in (ROOT / package).rglob("*"):
            if path.suffix not in (".py", ".html", ".js"):
                continue
            place = path.relative_to(ROOT).as_posix()
            if place == VALUES or place.startswith((TYPE_FILES, LABORATORY)):
                continue
            lines = [line for line in path.read_text().splitlines() if re.search(rf"\b{name}\b", line)]
            assert not [line for line in lines if "example" not in line and "artledger claim file" not in line], place


def test_a_new_type_takes_one_file_a_version_of_the_rules_and_its_name(tmp_path: Path) -> None:
    """In a copy of the code, from which nothing else is changed."""
    for package in ("ledger", "cli", "tests/claim", "tests/record"):
        ignored = shutil.ignore_patterns("__pycache__", "weights", "*.safetensors")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    values = tmp_path / VALUES
    values.write_text(values.read_text().replace('"trained-on"]', '"trained-on", "drawn-after"]'))
    (tmp_path / TYPE_FILES / "drawn_after.py").write_text(DRAWN_AFTER.replace("THE_NEXT", str(NEWEST + 1)))
    rules = json.loads((ROOT / f"ledger/claim/data/claim-rules-v{NEWEST}.json").read_bytes())
    rules["version"] = NEWEST + 1
    rules["findings"]["drawn-after-work"] = {"measured": False, "text": "The picture shows the work."}
    rules["limits"]["drawn-after"] = ["A work that looks alike may be drawn after the same model."]
    rules["rules"]["drawn-after"] = [
        {"any": ["drawn-after-work"], "because": "It shows the work.", "id": "shown", "verdict": "supported"},
        {"any": [], "because": "Nothing is known.", "id": "nothing-known", "verdict": "inconclusive"},
    ]
    (tmp_path / f"ledger/claim/data/claim-rules-v{NEWEST + 1}.json").write_text(json.dumps(rules))

    said = json.loads(run(tmp_path, "-c", ASKED, current_rules().digest))
    assert said == {
        "verdict": "supported",
        "findings": ["drawn-after-work"],
        "meaning": "claims that this picture was drawn after a work",
        "limits": ["A work that looks alike may be drawn after the same model."],
        "version": NEWEST + 1,
        "by_old_rules": "other-rules",
        "another_by_old_rules": "supported",
    }
    assert "drawn-after" in run(tmp_path, "-m", "cli.main", "claim", "file", "--help")


def run(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env={"PYTHONPATH": str(folder), "COLUMNS": "200"}, check=True,
        capture_output=True, text=True, timeout=120,
    ).stdout  # fmt: skip
