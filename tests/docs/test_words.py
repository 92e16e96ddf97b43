"""Text for users is in plain words, and documents have lines that one can read.

`SOURCES` lists what is checked. To check another kind of text, add a function that yields (where it stands, text).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs.documents import ROOT, documents, name, prose
from tests.docs.words import WORDS, Word, unwanted
from tools.docs.commands import commands
from tools.docs.errors import source
from tools.docs.http import openapi, pages
from tools.docs.settings import explanations

Texts = Iterator[tuple[str, str]]

LONGEST = 100
TECHNICAL = ("docs/adr/", "docs/explanation/", "docs/auditors/", "docs/contributing.md", "CONTRIBUTING.md")
"""Documents for engineers and auditors, which may use a few terms of specifications."""

CHECKED = documents()


def _documents() -> Texts:
    for document in CHECKED:
        if not name(document).startswith(TECHNICAL):
            yield from _lines(document)


def _technical_documents() -> Texts:
    for document in CHECKED:
        if name(document).startswith(TECHNICAL):
            yield from _lines(document)


def _help() -> Texts:
    for command in commands():
        yield f"{command.name} --help", command.parsed.help
        for parameter in command.parsed.params:
            yield f"{command.name} {parameter.opts[0]}", parameter.help or ""


def _messages() -> Texts:
    """Every text in the code of the command line but docstrings: what it prints, asks and notes."""
    for path in sorted((ROOT / "cli").rglob("*.py")):
        tree = ast.parse(path.read_text())
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                # Without a space, it is the name of a field or an option.
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value if " " in node.value else ""


def _settings() -> Texts:
    yield from explanations().items()


def _errors() -> Texts:
    for each in source().raised():
        yield each.code, f"{each.message} {each.hint}"


def _http() -> Texts:
    document = openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", f"{operation['summary']}. {operation.get('description', '')}"
    for schema, found in document["components"]["schemas"].items():
        for field, each in found.get("properties", {}).items():
            yield f"{schema}.{field}", each.get("description", "")
        yield schema, found.get("description", "")
    yield from pages(document)


def _templates() -> Texts:
    """The text of the pages for people, without tags and what the templates compute."""
    for template in sorted((ROOT / "api").rglob("*.html")):
        text = re.sub(r"\{[{%#].*?[}%#]\}|<[^>]+>", _blank, template.read_text(), flags=re.DOTALL)
        for number, line in enumerate(text.splitlines(), 1):
            yield f"{template.name}:{number}", line


def _blank(tag: re.Match[str]) -> str:
    """A tag may go over lines, which are counted."""
    return " " + "\n" * tag[0].count("\n")


def _lines(document: Path) -> Texts:
    yield from ((f"{name(document)}:{number}", line) for number, line in prose(document))


SOURCES: dict[str, Callable[[], Texts]] = {
    "documents": _documents,
    "technical documents": _technical_documents,
    "help": _help,
    "messages": _messages,
    "settings": _settings,
    "errors": _errors,
    "http": _http,
    "templates": _templates,
}


@pytest.mark.parametrize("kind", SOURCES)
def test_plain_words(kind: str) -> None:
    found = offences(kind)
    assert not found, "\n".join(found)


def offences(kind: str) -> list[str]:
    """Where a source has a word that users should not have to read."""
    technical = kind == "technical documents"
    return [
        f"{where}: {word!r}; say: {instead}"
        for where, text in SOURCES[kind]()
        for word, instead in unwanted(text, technical=technical)
    ]


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_has_text(kind: str) -> None:
    """A check that reads nothing would pass for ever."""
    assert sum(len(text.split()) for _, text in SOURCES[kind]()) > 100


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.example)
def test_an_unwanted_word_is_found(word: Word) -> None:
    assert [instead for _, instead in unwanted(word.example)] == [word.instead]
    assert not list(unwanted(f"`{word.example}`"))


@pytest.mark.parametrize("document", [*CHECKED, ROOT / "FORMAT.md", ROOT / "CHANGELOG.md"], ids=name)
def test_lines_are_not_too_long(document: Path) -> None:
    """Tables, code and addresses aside."""
    for number, line in prose(document):
        readable = re.sub(r"\]\([^)]*\)|https?://\S+|`[^`]*`", "", line)
        exempt = line.lstrip().startswith("|") or line.startswith("    ")
        assert exempt or len(readable) <= LONGEST, f"{name(document)}:{number}: {len(line)}"


if __name__ == "__main__":
    for kind in SOURCES:
        print(f"{kind}:", *offences(kind), sep="\n  ")
