"""Documents name files, pages and headings that exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.docs.documents import ROOT, documents, name, prose
from tools.docs.hook import elsewhere

DOCUMENTS = [*documents(), ROOT / "FORMAT.md", ROOT / "CHANGELOG.md"]
CODE = ("ledger", "api", "cli", "migrations", "tests", "tools")
_LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
_CITED_FILE = re.compile(r"\b([A-Z]{3,}\.md)\b")
_CITED_PATH = re.compile(rf"`((?:{'|'.join(CODE)}|docs|deploy|examples)/[\w./-]+)(?:::\w+)?`")
_INDEXED = re.compile(r"^\| (\d{4}) \| \[(.+)\]\((.+)\) \|$", re.MULTILINE)


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_relative_links_resolve(document: Path) -> None:
    """The site's own build checks its pages; here links are tried as GitHub shows them."""
    generated = {ROOT / "docs" / place: source for place, source in elsewhere().items()}
    for number, line in prose(document):
        for path, anchor in _LINK.findall(re.sub(r"`[^`]*`", "", line)):
            target = (document.parent / path).resolve() if path else document
            target = generated.get(target, target)
            assert target.exists(), f"{name(document)}:{number} links to {path}"
            if anchor and target.suffix == ".md" and "<!-- generated:" not in target.read_text():
                headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
                assert anchor in map(slug, headings), f"{name(document)}:{number} links to {path}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS[:-1], ids=name)
def test_files_that_documents_name_exist(document: Path) -> None:
    for path in _CITED_PATH.findall(document.read_text()):
        assert (ROOT / path).exists(), f"{name(document)} names {path}"


def test_documents_that_the_code_cites_are_here() -> None:
    """A comment must not send its reader to a page that is not in the repository."""
    known = {path.name for path in documents()} | {"FORMAT.md", "CHANGELOG.md"}
    for package in CODE:
        for path in (ROOT / package).rglob("*.py"):
            missing = set(_CITED_FILE.findall(path.read_text())) - known
            assert not missing, f"{path.relative_to(ROOT)} cites {', '.join(missing)}"


def test_the_index_of_decisions_is_complete() -> None:
    folder = ROOT / "docs" / "adr"
    listed = _INDEXED.findall((folder / "index.md").read_text())
    assert [file for _, _, file in listed] == sorted(path.name for path in folder.glob("[0-9]*.md"))
    for number, title, file in listed:
        text = (folder / file).read_text()
        assert text.startswith(f"# {number}. {title}\n"), file
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings in (["Context", "Decision", "Consequences"], ["Context", "Decision", "Consequences", "Figures"])


def test_every_rule_is_enforced_by_something() -> None:
    architecture = (ROOT / "docs" / "explanation" / "architecture.md").read_text()
    rows = architecture.partition("| Rule | Enforced by |\n|---|---|\n")[2].partition("\n\n")[0].splitlines()
    assert len(rows) > 20
    assert all(len(row.split("|")[2].strip()) > 5 for row in rows)


def test_every_contract_of_imports_has_a_name() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert all(len(contract["name"].split()) > 3 for contract in contracts)
