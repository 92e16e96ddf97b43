"""The kinds of source: each is one file, which the registry finds."""

from __future__ import annotations

from pathlib import Path
from typing import get_type_hints

import pytest

from cli.commands.corpus import ingest
from ledger.corpus import source_registry, sources
from ledger.corpus.source_registry import SOURCES, open_source

ROOT = Path(__file__).parents[2]
POSTCARDS = """
from ledger.corpus.source_definition import SourceDefinition, SourceRequest
from ledger.corpus.work import SourceItem


class Postcards:
    def __init__(self, asked: SourceRequest) -> None:
        self.name = f"postcards:{asked.rest}"

    def items(self):
        yield SourceItem("1", "Greetings", "Ada", "CC0-1.0", self.name)

    def read(self, item):
        return b"a file"


SOURCE = SourceDefinition(prefix="postcards:", open=Postcards, spelling="postcards:PLACE")
"""
"""A source that nobody has."""


def rasterised(_svg: bytes) -> bytes:
    return b""


def test_a_new_source_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "postcards.py").write_text(POSTCARDS)
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path)])
    monkeypatch.setattr(source_registry, "SOURCES", source_registry._defined())
    source = open_source("postcards:Oslo", None, rasterised)
    assert source.name == "postcards:Oslo"
    assert [source.read(item) for item in source.items()] == [b"a file"]


def test_prefixes_are_distinct_and_named_in_no_other_file() -> None:
    prefixes = [source.prefix for source in SOURCES]
    assert len(set(prefixes)) == len(prefixes) == len(list(Path(sources.__path__[0]).glob("[a-z]*.py")))
    for path in (ROOT / "ledger").rglob("*.py"):
        if path.parent.name != "sources":
            named = [prefix for prefix in prefixes if f'"{prefix}' in path.read_text() and prefix.endswith(":")]
            assert named in ([], ["folder:"]), path


def test_help_says_how_each_is_written() -> None:
    (argument,) = get_type_hints(ingest, include_extras=True)["source"].__metadata__
    for source in SOURCES:
        if source.spelling is not None:
            assert source.prefix.removesuffix(":") in argument.help
