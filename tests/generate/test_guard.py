"""The guard: each rule, what stands above the rules, and reasons that name work, artist, relation and error rate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.corpus.work import AllowedUse, Artist, CorpusState, Work
from ledger.errors import InputError
from ledger.generate.guard import (
    Action,
    Decision,
    Requester,
    decide,
    decide_prompt,
    refuse_blocked_prompt,
)
from ledger.generate.guard_policy import Policy, default_policy, parse_policy
from ledger.match.candidate import Attribution, Group, GroupMember, Match, MatchOutcome, Relation, Verdict

ALPHA = 0.01
COPY_SCORE = {"fused": 3.0, "copy_cosine": 0.9}
STYLE_SCORE = {"style": 2.0}
GOGH = Artist("artist-9", "Vincent van Gogh")


def match(relation: Relation, p_value: float = 0.001, number: int = 1, raw: Mapping[str, float] = COPY_SCORE) -> Match:
    return Match(
        rank=number,
        work_id=f"work-{number}",
        work_sha256="0" * 64,
        work_pixel_sha256="0" * 64,
        artist_id=f"artist-{number}",
        registration_record_id="record",
        registration_leaf_hash="0" * 64,
        relation=relation,
        score=0.9,
        p_value=p_value,
        n_null=1000,
        bin="flat",
        raw=raw,
        evidence=None,
    )


def outcome(*matches: Match, verdict: Verdict = Verdict.NONE, why: str | None = None) -> MatchOutcome:
    return MatchOutcome(
        CorpusState(9, 10), "0" * 64, matches, Attribution(Decimal("0.01"), Decimal(1), ()), verdict, why
    )


def work(number: int = 1, uses: tuple[AllowedUse, ...] = ("match",), title: str = "Seahorse") -> Work:
    return Work(
        work_id=f"work-{number}",
        artist_id=f"artist-{number}",
        sha256="0" * 64,
        pixel_sha256="0" * 64,
        title=title,
        artist="Ann Beispiel",
        licence="CC0-1.0",
        allowed_uses=uses,
        source="",
        registration_record_id="record",
        registration_index=1,
        registration_leaf_hash="0" * 64,
        withdrawn=False,
    )


def policy(*rules: dict[str, Any], **changes: Any) -> Policy:
    shown = json.loads(default_policy().to_bytes())
    return parse_policy(json.dumps(shown | {"rules": list(rules) or shown["rules"]} | changes).encode())


def decided(*matches: Match, by: Policy | None = None, **options: Any) -> Decision:
    return decide(outcome(*matches), by or default_policy(), works={"work-1": work()}, **options)


@pytest.mark.parametrize(
    ("near", "action"),
    [
        (match(Relation.EXACT), Action.BLOCK),
        (match(Relation.SAME_PIXELS), Action.BLOCK),
        (match(Relation.NEAR_DUPLICATE), Action.BLOCK),
        (match(Relation.PARTIAL_COPY), Action.BLOCK),
        (match(Relation.PARTIAL_COPY, ALPHA), Action.BLOCK),
        (match(Relation.PARTIAL_COPY, 0.0101), Action.ALLOW),
        (match(Relation.UNVERIFIED), Action.WARN),
        (match(Relation.NEAREST, 0.2), Action.ALLOW),
        (match(Relation.SIMILAR_STYLE, raw=STYLE_SCORE), Action.ALLOW),
    ],
)
def test_the_shipped_policy(near: Match, action: Action) -> None:
    assert decided(near).action is action


def test_nothing_near_needs_no_reason() -> None:
    assert decided() == Decision(Action.ALLOW)
    assert decided(match(Relation.NEAR_DUPLICATE, 0.5)) == Decision(Action.ALLOW)


def test_style_is_told_and_handed_out() -> None:
    decision = decided(match(Relation.SIMILAR_STYLE, raw=STYLE_SCORE))
    assert (decision.action, decision.handed_out, decision.guard) == (Action.ALLOW, True, "allow")
    [reason] = decision.reasons
    assert (reason.action, reason.work_id) == ("inform", "work-1")
    assert "style" in reason.text
    assert "copy" not in reason.text


def test_a_rule_is_about_the_relation_that_it_names_and_no_other() -> None:
    nearest = {"action": "block", "relations": ["nearest"], "p_at_most": "0.9"}
    style = {"action": "block", "relations": ["similar-style"], "p_at_most": "0.9"}
    assert decided(match(Relation.NEAREST, 0.77), by=policy(nearest)).action is Action.BLOCK
    assert decided(match(Relation.NEAREST, 0.77), by=policy(style)).action is Action.ALLOW
    assert decided(match(Relation.SIMILAR_STYLE, raw=STYLE_SCORE), by=policy(style)).action is Action.BLOCK
    assert decided(match(Relation.SIMILAR_STYLE, raw=STYLE_SCORE), by=policy(nearest)).action is Action.ALLOW


def test_a_reason_about_chance_neighbours_speaks_of_no_copy() -> None:
    nearest = {"action": "inform", "relations": ["nearest"], "p_at_most": "0.9"}
    [reason] = decided(match(Relation.NEAREST, 0.77), by=policy(nearest)).reasons
    assert "nearest by rank" in reason.text
    assert "copy" not in reason.text


def test_reasons_name_work_artist_relation_and_error_rate() -> None:
    [reason] = decided(match(Relation.NEAR_DUPLICATE)).reasons
    assert reason.text == (
        "Blocked: an edited copy of “Seahorse” by Ann Beispiel; 1 in 1,000 unrelated "
        "pictures comes this close (p 0.0010, at most 0.0100)."
    )
    assert (reason.work_id, reason.artist_id) == ("work-1", "artist-1")


def test_names_in_reasons_are_made_fit_to_be_shown() -> None:
    hostile = work(title="Sea\u202ehorse\x1b[31m\n{work}")
    [reason] = decide(outcome(match(Relation.EXACT)), default_policy(), works={"work-1": hostile}).reasons
    assert "“Seahorse[31m {work}”" in reason.text


def test_works_whose_names_were_erased_go_by_their_ids() -> None:
    [reason] = decide(outcome(match(Relation.EXACT)), default_policy(), works={}).reasons
    assert "work work-1 by artist artist-1" in reason.text


def test_the_strictest_counts_and_stands_first() -> None:
    decision = decided(
        match(Relation.SIMILAR_STYLE, raw=STYLE_SCORE),
        match(Relation.UNVERIFIED, number=2),
        match(Relation.EXACT, number=3),
    )
    assert decision.action is Action.BLOCK
    assert [reason.action for reason in decision.reasons] == ["block", "warn", "inform"]
    assert not decision.handed_out


def test_own_works_are_told_and_never_held_against_the_picture() -> None:
    decision = decided(match(Relation.EXACT), requester=Requester("artist-1"))
    assert decision.action is Action.ALLOW
    assert "own work" in decision.reasons[0].text
    both = decided(match(Relation.EXACT), match(Relation.EXACT, number=2), requester=Requester("artist-1"))
    assert both.action is Action.BLOCK


def test_rules_respect_what_the_terms_of_a_work_allow() -> None:
    by = policy({"action": "block", "p_at_most": "alpha", "relations": ["unverified"], "unless_allowed": ["style"]})
    near = outcome(match(Relation.UNVERIFIED))
    assert decide(near, by, works={"work-1": work(uses=("match",))}).action is Action.BLOCK
    assert decide(near, by, works={"work-1": work(uses=("match", "style"))}).action is Action.ALLOW
    assert decide(near, by, works={}).action is Action.BLOCK
    withdrawn = replace(work(uses=("match", "style")), withdrawn=True)
    assert decide(near, by, works={"work-1": withdrawn}).action is Action.BLOCK, "a withdrawn work allows nothing"


def test_whoever_registers_anothers_work_too_is_not_let_off_by_it() -> None:
    group = Group("work-1", (GroupMember("artist-1", "work-1"), GroupMember("artist-2", "work-2")))
    near = replace(match(Relation.EXACT), group=group)
    assert decided(near, requester=Requester("artist-1")).action is Action.BLOCK
    by = policy({"action": "block", "p_at_most": "alpha", "relations": ["exact"], "unless_allowed": ["style"]})
    works = {"work-1": work(uses=("match", "style"))}
    assert decide(outcome(near), by, works=works | {"work-2": work(2, ("match",))}).action is Action.BLOCK
    assert decide(outcome(near), by, works=works | {"work-2": work(2, ("match", "style"))}).action is Action.ALLOW


def test_rules_may_name_their_own_error_rate() -> None:
    by = policy({"action": "warn", "p_at_most": "0.05", "relations": ["near-duplicate"]})
    assert decided(match(Relation.NEAR_DUPLICATE, 0.04), by=by).action is Action.WARN
    assert decided(match(Relation.NEAR_DUPLICATE, 0.06), by=by).action is Action.ALLOW


@pytest.mark.parametrize(("exhausted", "last"), [("block", Action.BLOCK), ("warn", Action.WARN)])
def test_retries_come_to_an_end(exhausted: str, last: Action) -> None:
    rule = {"action": "regenerate", "p_at_most": "alpha", "relations": ["near-duplicate"]}
    by = policy(rule, retries=2, exhausted=exhausted)
    decisions = [decided(match(Relation.NEAR_DUPLICATE), by=by, attempt=attempt) for attempt in range(4)]
    assert [each.action for each in decisions] == [Action.REGENERATE, Action.REGENERATE, last, last]
    assert [each.guard for each in decisions[:2]] == ["regenerated", "regenerated"]
    assert not decisions[0].handed_out
    assert decisions[2].reasons[0].text.endswith("It was made again 2 times before.")
    assert decisions[2].reasons[0].action == exhausted


def test_what_blocks_is_not_made_again() -> None:
    rules = [
        {"action": "regenerate", "p_at_most": "alpha", "relations": ["unverified"]},
        {"action": "block", "p_at_most": "alpha", "relations": ["exact"]},
    ]
    by = policy(*rules, retries=1)
    assert decided(match(Relation.EXACT), match(Relation.SIMILAR_STYLE, number=2), by=by).action is Action.BLOCK


def test_a_picture_that_cannot_be_compared_is_said_to_be_so() -> None:
    blank = outcome(verdict=Verdict.NOT_COMPARABLE, why="it is blank")
    decision = decide(blank, default_policy(), works={})
    assert decision.action is Action.WARN
    assert decision.reasons[0].text.endswith("cannot be compared with registered works: it is blank.")
    assert decide(blank, policy(not_comparable="block"), works={}).action is Action.BLOCK


def test_prompts_that_name_an_artist_are_refused_with_the_reason() -> None:
    decision = decide_prompt("a tree by Vincent van Gogh", default_policy(), [GOGH])
    with pytest.raises(InputError, match="“Vincent van Gogh”, a registered artist who did not allow style") as caught:
        refuse_blocked_prompt(decision)
    assert caught.value.code == "prompt-blocked"
    refuse_blocked_prompt(decide_prompt("a tree", default_policy(), [GOGH]))


def test_a_disguised_name_is_refused_in_either_prompt() -> None:
    for disguised in (
        "Vіncent vаn Gоgh",
        "Gogh, Vincent van",
        "VincentVanGogh",
        "Vin\u200bcent van G\u00adogh",
        "#vangogh",
    ):
        assert decide_prompt(f"a tree, {disguised}", default_policy(), [GOGH]).action is Action.BLOCK
        # At a guidance below 1 a picture is drawn towards the negative prompt.
        decision = decide_prompt("a tree", default_policy(), [GOGH], negative_prompt=f"a cat, {disguised}")
        assert decision.action is Action.BLOCK
    own = decide_prompt("a tree", default_policy(), [GOGH], Requester("artist-9"), negative_prompt="Vincent van Gogh")
    assert own.action is Action.ALLOW


def test_artists_may_name_themselves() -> None:
    assert decide_prompt("by Vincent van Gogh", default_policy(), [GOGH], Requester("artist-9")) == Decision(
        Action.ALLOW
    )


def test_a_warning_about_the_prompt_is_kept_for_the_picture() -> None:
    by = policy(named_artists="warn")
    prompt = decide_prompt("by Vincent van Gogh", by, [GOGH])
    refuse_blocked_prompt(prompt)
    assert decided(by=by, prompt=prompt).action is Action.WARN
    worse = decided(match(Relation.EXACT), by=by, prompt=prompt)
    assert [reason.action for reason in worse.reasons] == ["block", "warn"]


@given(st.floats(0.0005, 1), st.sampled_from(Relation), st.booleans())
def test_a_smaller_p_value_is_never_judged_more_mildly(p_value: float, relation: Relation, style: bool) -> None:
    near = match(relation, p_value, raw=STYLE_SCORE if style else COPY_SCORE)
    order = list(Action)
    nearer = decided(replace(near, p_value=p_value / 2)).action
    assert order.index(nearer) >= order.index(decided(near).action)
