"""The guard decides whether a generated picture may be delivered, and gives the reasons in plain words.

The policy's rules (guard_policy.py) assign actions to matches. Two principles always hold: the requester's own works
never count against the picture, and of all rules that apply, the strictest counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ledger.corpus.terms import may
from ledger.corpus.work import AllowedUse, Artist, Work
from ledger.errors import InputError
from ledger.generate.guard_policy import Policy, Rule, RuleAction
from ledger.generate.prompt_names import named_artists
from ledger.match.candidate import Match, MatchOutcome
from ledger.match.lists import Verdict
from ledger.match.words import WorkName, describe_artist, describe_work, one_in, relation_sentence


class Action(StrEnum):
    """The action for a picture. The first two deliver it."""

    ALLOW = "allow"
    WARN = "warn"
    REGENERATE = "regenerate"
    BLOCK = "block"


_STRICTNESS: Mapping[RuleAction, int] = {"inform": 0, "warn": 1, "regenerate": 2, "block": 3}
_ACTIONS: Mapping[RuleAction, Action] = {
    "inform": Action.ALLOW,
    "warn": Action.WARN,
    "regenerate": Action.REGENERATE,
    "block": Action.BLOCK,
}
_GUARDS: Mapping[Action, Literal["allow", "warn", "regenerated", "block"]] = {
    Action.ALLOW: "allow",
    Action.WARN: "warn",
    Action.REGENERATE: "regenerated",
    Action.BLOCK: "block",
}
_VERBS: Mapping[RuleAction, str] = {
    "inform": "For information",
    "warn": "Warning",
    "regenerate": "Generated again",
    "block": "Blocked",
}


@dataclass(frozen=True, slots=True)
class Requester:
    """The requester. The caller has verified `artist_id`; None for everybody else."""

    artist_id: str | None = None


ANYBODY = Requester()


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason and the action that it requires."""

    action: RuleAction
    text: str
    """A sentence for people: work, artist, relation, error rate. Names are cleaned, but not escaped."""
    artist_id: str | None = None
    work_id: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision. The strictest of `reasons` comes first; no reasons mean that nothing was near."""

    action: Action
    reasons: tuple[Reason, ...] = ()

    @property
    def handed_out(self) -> bool:
        return self.action in (Action.ALLOW, Action.WARN)

    @property
    def guard(self) -> Literal["allow", "warn", "regenerated", "block"]:
        """The value in a `generation` record."""
        return _GUARDS[self.action]


def decide_prompt(
    prompt: str,
    policy: Policy,
    artists: Sequence[Artist],
    requester: Requester = ANYBODY,
    *,
    negative_prompt: str = "",
) -> Decision:
    """Decides whether the prompt names one of `artists`, who did not allow style use (rule: prompt_names.py).

    This happens before generation. The requester's own name is no reason. The same rule applies to the negative prompt,
    because with a guidance below 1 it attracts the picture.
    """
    others = [artist for artist in artists if artist.artist_id != requester.artist_id]
    found = dict.fromkeys((*named_artists(prompt, others), *named_artists(negative_prompt, others)))
    action = policy.named_artists
    reasons = [
        Reason(
            action,
            f"{_VERBS[action]}: the prompt names “{describe_artist(artist.name)}”, "
            "a registered artist who did not allow style use.",
            artist.artist_id,
        )
        for artist in found
    ]
    return Decision(_ACTIONS[action] if reasons else Action.ALLOW, tuple(reasons))


def refuse_blocked_prompt(decision: Decision) -> None:
    """Raises InputError (`prompt-blocked`) with the reasons if the prompt is blocked; nothing is then generated."""
    if decision.action is Action.BLOCK:
        raise InputError(
            " ".join(reason.text for reason in decision.reasons),
            code="prompt-blocked",
            hint="Describe what the picture shows, without the artist's name.",
        )


def decide(
    outcome: MatchOutcome,
    policy: Policy,
    *,
    works: Mapping[str, Work],
    requester: Requester = ANYBODY,
    prompt: Decision | None = None,
    attempt: int = 0,
) -> Decision:
    """Decides about a picture whose comparison is `outcome`.

    `works`: the matched works and those of their groups, by id (names and terms; a missing one is named by its id and
    allows nothing). `prompt`: the result of `decide_prompt`. `attempt` counts from 0: the decision is `regenerate` only
    while retries are left, afterwards the policy's `exhausted`.
    """
    reasons = [*(prompt.reasons if prompt else ()), *_on_detail(outcome, policy)]
    for match in outcome.matches:
        reasons.extend(_on_match(match, works, policy, float(outcome.attribution.alpha), requester))
    if attempt >= policy.retries:
        reasons = [_exhausted(reason, policy) for reason in reasons]
    reasons.sort(key=lambda reason: -_STRICTNESS[reason.action])
    return Decision(_ACTIONS[reasons[0].action] if reasons else Action.ALLOW, tuple(reasons))


def _on_detail(outcome: MatchOutcome, policy: Policy) -> list[Reason]:
    if outcome.verdict is not Verdict.NOT_COMPARABLE:
        return []
    why = outcome.not_comparable or "it shows too little"
    action = policy.not_comparable
    return [Reason(action, f"{_VERBS[action]}: the picture cannot be compared with registered works: {why}.")]


def _on_match(
    match: Match, works: Mapping[str, Work], policy: Policy, alpha: float, requester: Requester
) -> list[Reason]:
    rules = [rule for rule in policy.rules if _applies(rule, match, works, alpha)]
    if not rules:
        return []
    rule = max(rules, key=lambda each: (_STRICTNESS[each.action], each.level(alpha)))
    # Registering somebody else's work must not exempt the requester: a contested work is nobody's own.
    own = requester.artist_id is not None and match.artists == (requester.artist_id,)
    action: RuleAction = "inform" if own else rule.action
    work = works.get(match.work_id)
    name = None if work is None else WorkName(work.title, work.artist)
    described = describe_work(match.work_id, match.artist_id, name)
    relation = relation_sentence(match.relation, described, match.evidence)
    rate = f"p {match.p_value:.4f}, at most {rule.level(alpha):.4f}"
    text = f"{_VERBS[action]}: {relation}; {one_in(match.p_value, match.n_null)} comes this close ({rate})."
    if own:
        text += " It is the requester's own work."
    return [Reason(action, text, match.artist_id, match.work_id)]


def _applies(rule: Rule, match: Match, works: Mapping[str, Work], alpha: float) -> bool:
    """Whether the rule applies. For a contested work, everybody's terms must allow the rule's exception."""
    if match.relation not in rule.relations or match.p_value > rule.level(alpha):
        return False
    excepted = rule.unless_allowed
    named = [works.get(work_id) for work_id in match.works]
    return not excepted or not all(work is not None and _allows(work, excepted) for work in named)


def _allows(work: Work, uses: Sequence[AllowedUse]) -> bool:
    return all(may(use, work.allowed_uses, withdrawn=work.withdrawn) for use in uses)


def _exhausted(reason: Reason, policy: Policy) -> Reason:
    if reason.action != "regenerate":
        return reason
    _, _, said = reason.text.partition(": ")
    tried = f"made again {policy.retries} times" if policy.retries > 1 else "made again once"
    text = f"{_VERBS[policy.exhausted]}: {said} It was {tried} before."
    return Reason(policy.exhausted, text, reason.artist_id, reason.work_id)
