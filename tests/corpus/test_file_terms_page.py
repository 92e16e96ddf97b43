"""The table of Terms in files is that of the code."""

from __future__ import annotations

from pathlib import Path

from ledger.corpus.file_terms.vocabulary import VOCABULARIES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "file-terms.md"


def test_the_page_has_every_value_of_every_vocabulary() -> None:
    rows = []
    for vocabulary in VOCABULARIES:
        name = f" {vocabulary.name}, {vocabulary.version} "
        for value, uses in [*vocabulary.forbids.items(), ("any other", vocabulary.otherwise)]:
            said = value if value == "any other" else f"`{value}`"
            rows.append(f"|{name}| {said} | {', '.join(uses) or 'none'} |")
            name = " "
    assert "\n".join(rows) in PAGE.read_text(encoding="utf-8")
