"""What terms allow: Python and PostgreSQL say the same for every combination of terms, and no other file decides."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pytest

from ledger.corpus.terms import MAY, may, may_match, may_style, may_train
from ledger.corpus.work import ALL_USES, AllowedUse
from tests.applications import query
from tests.record.samples import sha

Listed = Literal["no", "file", "pixels"]
ROOT = Path(__file__).parent.parent.parent
USES = [uses for size in range(len(ALL_USES) + 1) for uses in itertools.combinations(ALL_USES, size)]
COMBINATIONS: list[tuple[tuple[AllowedUse, ...], bool, Listed]] = [
    (uses, withdrawn, listed)
    for uses in USES
    for withdrawn in (False, True)
    for listed in ("no", "file", "pixels")
]  # fmt: skip


@pytest.fixture(scope="module")
def database_says(module_database_url: str) -> dict[str, dict[AllowedUse, bool]]:
    """By the name of a combination: what PostgreSQL says of a work with those terms, for each use."""
    url = module_database_url
    works: list[tuple[Any, ...]] = []
    opt_outs: list[bytes] = []
    for number, (uses, withdrawn, listed) in enumerate(COMBINATIONS):
        file, pixels = (bytes.fromhex(sha(f"{what} {number}")) for what in ("file", "pixels"))
        change = number if withdrawn else None
        works.append((uuid4(), uuid4(), file, pixels, list(uses), uuid4(), number, file, number, change))
        if listed != "no":
            opt_outs.append(file if listed == "file" else pixels)
    row = "(%s, %s, %s, %s, 'CC0-1.0', %s, %s, %s, %s, %s, %s)"
    query(url, f"INSERT INTO work VALUES {', '.join([row] * len(works))}", *itertools.chain(*works))
    query(url, "INSERT INTO opt_out (kind, value) SELECT 'sha256', unnest(%s::bytea[])", opt_outs)
    columns = ", ".join(MAY[use] for use in ALL_USES)
    rows = query(url, f"SELECT registration_index, {columns} FROM work w")
    return {str(COMBINATIONS[number]): dict(zip(ALL_USES, said, strict=True)) for number, *said in rows}


@pytest.mark.parametrize("terms", COMBINATIONS, ids=str)
def test_both_say_the_same(terms: Any, database_says: dict[str, dict[AllowedUse, bool]]) -> None:
    uses, withdrawn, listed = terms
    for use in ALL_USES:
        said = may(use, uses, withdrawn=withdrawn, opted_out=listed != "no")
        assert said == database_says[str(terms)][use], use


def test_what_each_use_needs() -> None:
    for use in ALL_USES:
        assert may(use, [use], withdrawn=False)
        assert not may(use, [use], withdrawn=True)
        assert not may(use, [other for other in ALL_USES if other != use], withdrawn=False)
    assert may_match(["match"], withdrawn=False)
    assert may_style(["style"], withdrawn=False)
    assert may_train(["train"], withdrawn=False, opted_out=False)
    assert not may_train(ALL_USES, withdrawn=False, opted_out=True)


def test_no_other_file_decides_what_terms_allow() -> None:
    """Neither in SQL nor in Python: `'match' = ANY(w.allowed_uses)`, `"train" in item.allowed_uses`."""
    deciding = re.compile(r"ANY\s*\(\s*(\w+\.)?allowed_uses|[\"'](match|style|train)[\"'] (not )?in [\w.]*uses\b")
    found = {
        path.relative_to(ROOT).as_posix()
        for package in ("ledger", "api", "cli")
        for path in (ROOT / package).rglob("*.py")
        if deciding.search(path.read_text())
    }
    assert found == {"ledger/corpus/terms.py"}
