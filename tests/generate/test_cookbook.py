"""The policies in the guard's cookbook are policies, and decide what the page says of them."""

from __future__ import annotations

import pytest

from ledger.generate.guard_policy import Policy, default_policy, parse_policy
from tests.docs.documents import ROOT, Block, blocks

PAGE = ROOT / "docs" / "generators" / "guard.md"
POLICIES = [block for block in blocks(PAGE) if block.language == "toml"]


def read(block: Block) -> Policy:
    return parse_policy(block.text.encode(), toml=True)


@pytest.mark.parametrize("block", POLICIES, ids=lambda block: str(block.line))
def test_each_is_a_policy(block: Block) -> None:
    assert read(block).rules


def test_the_first_is_the_one_that_ships() -> None:
    assert read(POLICIES[0]).digest == default_policy().digest


def test_they_differ_in_what_they_hold_back() -> None:
    shipped, again, strict, telling = map(read, POLICIES)
    assert {rule.action for rule in again.rules} == {"regenerate"}
    assert again.rules[0].unless_allowed == ("style",)
    assert "unverified" in next(rule for rule in strict.rules if rule.action == "block").relations
    assert {rule.action for rule in telling.rules} == {telling.named_artists} == {"inform"}
    assert not any("nearest" in rule.relations for policy in (shipped, again, strict, telling) for rule in policy.rules)
