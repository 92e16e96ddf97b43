"""The published rules, applied to every combination of findings that a claim can have."""

from __future__ import annotations

import itertools
import json
from importlib.resources import files
from typing import get_args

import pytest

from ledger.claim.case import ClaimFinding
from ledger.claim.rules import ClaimRules, current_rules, parse_rules, published_rules
from ledger.claim.words import CONTESTED, is_contested, limits, reasons
from ledger.errors import InputError
from ledger.record.predicates import ClaimType
from tests.record.samples import ref

RULES = current_rules()
TYPES: tuple[ClaimType, ...] = get_args(ClaimType)
DATA = files("ledger.claim").joinpath("data")
SOURCE = DATA.joinpath(f"claim-rules-v{RULES.version}.json").read_bytes()
DIGESTS = {
    1: "688bf3b4d00c755bc75f97edc842a10cdecab81e8e7d10acfa87e57dcd49d5f4",
    2: "2661b0a662fd783e56fb7f12045598c6a278ef1b5bffe335df9f6d5d4995e92c",
}
"""Verdicts on logs name them: to change a rule, add a version."""

ONLY_THESE_CONTRADICT = {"authored-image": "made-here", "generated-by": "made-by-other-model"}
NEEDED = {
    "authored-image": "own-work", "copies-work": "work-shown", "generated-by": "made-by-model", "trained-on": "listed",
}  # fmt: skip


def combinations(rules: ClaimRules, claim_type: ClaimType) -> list[frozenset[str]]:
    """Every set of the findings that any rule of the type names."""
    codes = sorted({code for rule in rules.rules[claim_type] for code in rule.any})
    return [frozenset(each) for size in range(len(codes) + 1) for each in itertools.combinations(codes, size)]


@pytest.mark.parametrize("claim_type", TYPES)
def test_every_combination_of_findings(claim_type: ClaimType) -> None:
    for codes in combinations(RULES, claim_type):
        rule = RULES.rule_for(claim_type, codes)
        if rule.verdict == "contradicted":
            assert ONLY_THESE_CONTRADICT.get(claim_type) in codes
        if rule.verdict == "supported":
            assert NEEDED[claim_type] in codes
            if claim_type in ("authored-image", "copies-work"):
                assert not codes & CONTESTED
        if not codes:
            assert rule.verdict == "inconclusive"


@pytest.mark.parametrize("claim_type", TYPES)
def test_more_evidence_of_a_contest_or_a_report_never_helps_or_contradicts(claim_type: ClaimType) -> None:
    """What anybody can bring about by registering or reporting must not turn a verdict against somebody."""
    cheap = sorted(code for code in RULES.findings if code in CONTESTED or code.startswith("reported-"))
    for codes in combinations(RULES, claim_type):
        before = RULES.rule_for(claim_type, codes).verdict
        for code in cheap:
            after = RULES.rule_for(claim_type, codes | {code}).verdict
            assert after in (before, "inconclusive")


def test_every_finding_is_used_or_told_and_every_type_has_limits() -> None:
    for claim_type in TYPES:
        assert limits(claim_type, RULES)
    assert RULES.measured == {
        "contains-generated", "copy-of-anothers", "not-alignable", "says-generated", "shows-anothers",
        "shows-generated", "work-aligned",
    }  # fmt: skip


def test_the_digest_is_of_what_they_say() -> None:
    assert published_rules(RULES.digest) is RULES
    assert published_rules("0" * 64) is None
    assert parse_rules(RULES.to_bytes()).digest == RULES.digest
    spaced = json.dumps(json.loads(SOURCE), indent=7).encode()
    assert parse_rules(spaced).digest == RULES.digest


def test_older_versions_stay_as_they_were() -> None:
    assert list(DIGESTS) == list(range(1, RULES.version + 1))
    for version, digest in DIGESTS.items():
        rules = published_rules(digest)
        assert rules is not None
        assert rules.version == version
        assert rules.to_bytes() == parse_rules(DATA.joinpath(f"claim-rules-v{version}.json").read_bytes()).to_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value["rules"].pop("trained-on"),
        lambda value: value["limits"].pop("trained-on"),
        lambda value: value["rules"]["trained-on"].pop(),
        lambda value: value["rules"]["trained-on"][0]["any"].append("nobody-defined-this"),
        lambda value: value["rules"]["trained-on"][0].update(any=[]),
        lambda value: value["rules"]["trained-on"][0].update(id=value["rules"]["trained-on"][1]["id"]),
        lambda value: value["rules"]["trained-on"][0].update(verdict="true"),
        lambda value: value["measures"].update(cover="2"),
        lambda value: value.update(version=RULES.version + 1),
        lambda value: value.update(more=1),
    ],
)
def test_rules_that_say_less_or_something_else_are_refused(change: object) -> None:
    value = json.loads(SOURCE)
    assert callable(change)
    change(value)
    with pytest.raises(InputError) as caught:
        parse_rules(json.dumps(value).encode())
    assert caught.value.code == "bad-claim-rules"


def test_garbage_is_no_rules() -> None:
    for data in (b"", b"[]", b"\xff", b"{" * 10_000, b" " * 300_000):
        with pytest.raises(InputError):
            parse_rules(data)


def test_findings_are_told_in_words_with_their_records() -> None:
    found = [
        ClaimFinding.of("own-work", ref(1)),
        ClaimFinding.of("contested-earlier", ref(2)),
        ClaimFinding.of("unheard-of", ref(3)),
    ]
    told = reasons(found, RULES)
    assert [each.record_id for each in told] == [finding.record_id for finding in found]
    assert "contested" in told[1].text
    assert told[2].text == "(unheard-of)"
    assert is_contested(found)
    assert not is_contested(found[:1])
