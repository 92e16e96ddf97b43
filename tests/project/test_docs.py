"""The documents tell the truth about the code. (Commands, settings: tests/cli/test_readme.py; routes: tests/api.)"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from api.app import create_app
from ledger.app import Application
from ledger.audit.checks import Outcome
from ledger.corpus.work import AllowedUse
from ledger.match.lists import Relation, Verdict
from ledger.record.predicates import PREDICATES, ClaimType, ClaimVerdict, Guard, KeyEvent, Role
from ledger.settings import Settings
from tests.conformance.build import FOLDER
from tests.record.samples import SIGNER

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(ROOT.glob("*.md"))
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
FORMAT = (ROOT / "FORMAT.md").read_text()
CI = (ROOT / ".ci" / "run").read_text()
PACKAGES = ("ledger", "api", "cli", "migrations")

_LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
_CODE = re.compile(r"^(?:```.*?^```|    \S[^\n]*)$", re.MULTILINE | re.DOTALL)
_CITED_FILE = re.compile(r"\b([A-Z]{3,}\.md)\b")
_CITED_PATH = re.compile(r"`((?:ledger|api|cli|tests|migrations|log|record|audit|match|flows|storage|corpus)/[\w./]+)`")


def section(document: str, heading: str) -> str:
    """From the heading to the next one of its level."""
    level = heading.partition(" ")[0]
    found = f"\n{document}".partition(f"\n{heading}\n")[2]
    assert found, f"no section {heading}"
    return found.partition(f"\n{level} ")[0]


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def command(name: str) -> str:
    """The one command in the block below its marker, read the way .ci/run reads it."""
    assert README.count(f"<!-- {name} command -->") == 1
    block = README.partition(f"<!-- {name} command -->\n```sh\n")[2].partition("\n```\n")[0]
    assert block
    assert "\n" not in block, "one command is one line"
    return block


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_resolve(document: Path) -> None:
    for path, anchor in _LINK.findall(_CODE.sub("", document.read_text())):
        target = document.parent / path if path else document
        assert target.exists(), f"{document.name} links to {path}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            assert anchor in map(slug, headings), f"{document.name} links to {path}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_documents_name_exist(document: Path) -> None:
    for path in _CITED_PATH.findall(document.read_text()):
        assert (ROOT / path).exists() or (ROOT / "ledger" / path).exists(), f"{document.name} names {path}"


def test_documents_that_the_code_cites_are_here() -> None:
    """A comment must not send its reader to a page that is not in the repository."""
    known = {path.name for path in DOCUMENTS}
    for package in (*PACKAGES, "tests"):
        for path in (ROOT / package).rglob("*.py"):
            missing = set(_CITED_FILE.findall(path.read_text())) - known
            assert not missing, f"{path.relative_to(ROOT)} cites {', '.join(missing)}"


def test_ci_runs_the_readmes_test_command(tmp_path: Path) -> None:
    """The very script, with the last word it would say replaced by one that shows it."""
    script = CI.replace("exec bash -euo pipefail -c", "printf %s").replace('echo "+ $command"', "")
    assert script.count("printf %s") == 1
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text(script)
    (tmp_path / "README.md").write_text(README)
    result = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout == command("test")
    assert command("test").endswith("-m pytest -q -n 2")


def test_the_demo_command_installs_everything_and_runs_the_demo() -> None:
    assert "-c constraints.txt '.[all]'" in command("demo")
    assert command("demo").endswith("/artledger demo")


def test_every_path_of_the_interface_is_in_the_readme() -> None:
    table = section(README, "## HTTP")
    paths = create_app(Application(Settings())).openapi()["paths"]
    assert len(paths) > 12
    for path, methods in paths.items():
        for method in methods:
            assert f"| `{method.upper()} {path}" in table, f"{method} {path}"


def test_every_room_is_in_the_architecture_in_the_order_of_the_import_rules() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [layers] = [each["layers"] for each in contracts if each.get("containers") == ["ledger"]]
    level = {room.strip(): number for number, layer in enumerate(reversed(layers)) for room in layer.split("|")}
    rows = re.findall(r"^\| (`ledger/[^|]+) \|", section(ARCHITECTURE, "## Rooms"), re.MULTILINE)
    rooms = [room.removesuffix(".py") for row in rows for room in re.findall(r"`ledger/([\w.]+)/?`", row)]
    assert set(rooms) == set(level)
    assert [level[room] for room in rooms] == sorted(level.values())


def test_the_format_names_every_kind_with_every_field() -> None:
    rows = dict(re.findall(r"^\| `([a-z]+)` \| [^|]+ \| (.+) \|$", section(FORMAT, "## Kinds"), re.MULTILINE))
    for model in PREDICATES:
        assert model.kind in rows, model.kind
        told = set(re.findall(r"`([a-z0-9_]+)`", rows[model.kind])) | {"record_id", "generated_at", "origin"}
        if model.kind == "generation":
            told |= set(re.findall(r"`([a-z0-9_]+)`", rows["verification"]))
        assert set(model.model_fields) <= told, model.kind


def test_the_format_has_the_closed_lists_whole() -> None:
    lists = section(FORMAT, "## Closed lists")
    values = [
        *Relation, *Verdict, *get_args(AllowedUse), *get_args(Role), *get_args(KeyEvent), *get_args(Guard),
        *get_args(ClaimType), *get_args(ClaimVerdict), *(outcome.value for outcome in Outcome),
    ]  # fmt: skip
    for value in values:
        assert f"`{value}`" in lists, value


def test_securesystemslib_verifies_a_bundle_as_the_readme_says(tmp_path: Path) -> None:
    code = README.partition("<!-- securesystemslib -->\n```python\n")[2].partition("\n```\n")[0]
    assert '"RECORD_KEY"' in code
    code = code.replace("RECORD_KEY", SIGNER.public_raw.hex())
    bundle = json.loads((FOLDER / "cosigned" / "bundle.json").read_bytes())
    for kept, expected in ((True, 0), (False, 1)):
        if not kept:
            bundle["envelope"]["payload"] = bundle["envelope"]["payload"].replace("a", "b", 1)
        (tmp_path / "photo.bundle.json").write_text(json.dumps(bundle))
        result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode == expected, result.stderr
        assert ("urn:artledger:" in result.stdout) is kept
