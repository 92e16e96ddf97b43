"""The specification names every kind of statement, with every field and every value of its closed lists."""

from __future__ import annotations

import re
from typing import get_args

from ledger.audit.checks import Outcome
from ledger.corpus.work import AllowedUse
from ledger.match.lists import Relation, Verdict
from ledger.record.predicates import PREDICATES, ClaimType, ClaimVerdict, Guard, KeyEvent, Role
from tests.docs.documents import ROOT

FORMAT = (ROOT / "FORMAT.md").read_text()


def section(heading: str) -> str:
    """From the heading to the next one of its level."""
    level = heading.partition(" ")[0]
    found = f"\n{FORMAT}".partition(f"\n{heading}\n")[2]
    assert found, f"no section {heading}"
    return found.partition(f"\n{level} ")[0]


def test_every_kind_is_there_with_every_field() -> None:
    rows = dict(re.findall(r"^\| `([a-z]+)` \| [^|]+ \| (.+) \|$", section("## Kinds"), re.MULTILINE))
    for model in PREDICATES:
        assert model.kind in rows, model.kind
        told = set(re.findall(r"`([a-z0-9_]+)`", rows[model.kind])) | {"record_id", "generated_at", "origin"}
        if model.kind == "generation":
            told |= set(re.findall(r"`([a-z0-9_]+)`", rows["verification"]))
        assert set(model.model_fields) <= told, model.kind


def test_the_closed_lists_are_whole() -> None:
    lists = section("## Closed lists")
    values = [
        *Relation, *Verdict, *get_args(AllowedUse), *get_args(Role), *get_args(KeyEvent), *get_args(Guard),
        *get_args(ClaimType), *get_args(ClaimVerdict), *(outcome.value for outcome in Outcome),
    ]  # fmt: skip
    for value in values:
        assert f"`{value}`" in lists, value
