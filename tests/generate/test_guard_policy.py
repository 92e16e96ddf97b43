"""Policies: what is taken, what is refused and how, and what their digest covers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import canonical
from ledger.errors import InputError
from ledger.generate.guard_policy import MAX_POLICY_BYTES, Policy, default_policy, load_policy, parse_policy
from tests.docs.documents import blocks, documents

RULE: dict[str, Any] = {"action": "block", "p_at_most": "0.01", "relations": ["near-duplicate"]}
GOOD: dict[str, Any] = {
    "exhausted": "block",
    "named_artists": "warn",
    "not_comparable": "inform",
    "retries": 2,
    "rules": [RULE],
    "version": 1,
}


def policy(**changes: Any) -> Policy:
    return parse_policy(json.dumps(GOOD | changes).encode())


def test_the_shipped_policy_follows_what_was_decided() -> None:
    actions = {
        relation: (rule.action, rule.p_at_most) for rule in default_policy().rules for relation in rule.relations
    }
    copies = ("exact", "same-pixels", "near-duplicate", "partial-copy")
    assert actions == {
        **dict.fromkeys(copies, ("block", "alpha")),
        "unverified": ("warn", "alpha"),
        "similar-style": ("inform", "alpha"),
    }
    assert default_policy().named_artists == "block"


def test_the_digest_is_that_of_the_bytes_that_are_served() -> None:
    chosen = policy()
    assert chosen.digest == hashlib.sha256(chosen.to_bytes()).hexdigest()
    assert canonical.loads(chosen.to_bytes())["rules"][0]["unless_allowed"] == []
    assert parse_policy(chosen.to_bytes()) == chosen


def test_the_digest_is_of_what_is_said_and_not_of_how() -> None:
    toml = b"""
        version = 1                    # a comment
        retries = 2
        exhausted = "block"
        not_comparable = "inform"
        named_artists = "warn"
        [[rules]]
        relations = ["near-duplicate"]
        action = "block"
        p_at_most = "0.01"
    """
    assert parse_policy(toml, toml=True).digest == policy().digest
    relations = ["exact", "near-duplicate"]
    one, other = (policy(rules=[RULE | {"relations": each}]) for each in (relations, relations[::-1]))
    assert one.digest == other.digest
    assert policy(retries=3).digest != policy().digest


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, "colour"),
        ({"rules": [RULE | {"unless": []}]}, "rules.0.unless"),
        ({"rules": []}, "rules"),
        ({"rules": [RULE | {"action": "warn", "p_at_most": 0.01}]}, "p_at_most"),
        ({"rules": [RULE | {"p_at_most": "0"}]}, "above 0"),
        ({"rules": [RULE | {"p_at_most": "1.5"}]}, "at most 1"),
        ({"rules": [RULE | {"p_at_most": "-0.1"}]}, "p_at_most"),
        ({"rules": [RULE | {"p_at_most": "1e-3"}]}, "p_at_most"),
        ({"rules": [RULE | {"relations": ["copy"]}]}, "relations"),
        ({"rules": [RULE | {"relations": []}]}, "relations"),
        ({"rules": [RULE | {"relations": ["exact", "exact"]}]}, "twice"),
        ({"rules": [RULE | {"action": "allow"}]}, "action"),
        ({"rules": [RULE | {"action": "regenerate"}], "retries": 0}, "retries must be at least 1"),
        ({"retries": 11}, "retries"),
        ({"retries": -1}, "retries"),
        ({"retries": True}, "retries"),
        ({"exhausted": "regenerate"}, "exhausted"),
        ({"named_artists": "regenerate"}, "named_artists"),
        ({"version": 2}, "version"),
    ],
)
def test_what_is_wrong_and_where_is_said(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        policy(**changes)
    assert caught.value.code == "bad-policy"


@pytest.mark.parametrize(
    ("data", "toml"),
    [
        (b"", False),
        (b"", True),
        (b"[]", False),
        (b'{"version": 1, "version": 1}', False),
        (b"[" * 60_000, False),
        (b"\xff", True),
        (b"version = 2026-01-01", True),
        (b"version = nan", True),
        (b" " * (MAX_POLICY_BYTES + 1), False),
    ],
)
def test_rubbish_is_refused(data: bytes, toml: bool) -> None:
    with pytest.raises(InputError) as caught:
        parse_policy(data, toml=toml)
    assert caught.value.code == "bad-policy"


@given(st.binary(max_size=200), st.booleans())
def test_nothing_but_an_input_error_comes_of_any_bytes(data: bytes, toml: bool) -> None:
    with pytest.raises(InputError):
        parse_policy(data, toml=toml)


def test_files_are_told_by_their_suffix(tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(json.dumps(GOOD))
    assert load_policy(tmp_path / "policy.json") == policy()
    (tmp_path / "policy.txt").write_text(json.dumps(GOOD))
    for name, code in (("policy.txt", "bad-policy"), ("none.toml", "unreadable")):
        with pytest.raises(InputError) as caught:
            load_policy(tmp_path / name)
        assert caught.value.code == code


def test_policies_in_the_documents_are_ones() -> None:
    shown = [block.text for document in documents() for block in blocks(document) if block.language == "toml"]
    policies = [parse_policy(text.encode(), toml=True) for text in shown if "[[rules]]" in text]
    assert any(each.retries == 2 for each in policies)
