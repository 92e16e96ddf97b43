"""Claims whose truth is known, put to the published rules: how often they are right, and whom they wrong.

Every claim is constructed from open works, those that nothing was fitted on first: artists register works; thieves
register copies of them, before or after; a server is taken to have generated some pictures, operators to have reported
others (drawings stand for them: what matters is the record, not who drew); claims follow about the files themselves,
edited copies and strangers. What is expected follows from what happened: `supported` and `contradicted` only where a
log can hold the evidence, `inconclusive` for everything else, above all for both sides where two registered the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.fingerprint.complexity import MINIMUM_COMPLEXITY, complexity
from ledger.lab.evaluate.claim_figures import squatting, summary
from ledger.lab.evaluate.claim_plan import ClaimLedger, ClaimPlan, Drawing, Filing, Script
from ledger.lab.evaluate.claim_squats import SQUATS, Squat, tell_squats
from ledger.lab.evaluate.claim_stories import Stories

LEVELS = 4
"""Folders that tell subjects apart, the collection's name among them."""


@dataclass(frozen=True, slots=True)
class ClaimsReport:
    document: Mapping[str, Any]
    """What `--json` prints."""


def evaluate_claims(
    drawings: Iterable[Drawing],
    ledger: ClaimLedger,
    claims: int,
    seed: int,
    progress: Callable[[str, int, int | None], None],
    *,
    squatters: Sequence[Squat] = SQUATS,
) -> ClaimsReport:
    """At least `claims` claims beside those of squatters, or as many as the drawings suffice for; each drawing is used
    in one story only."""
    plan = _plan(drawings, claims, seed, squatters)
    filings = _carry_out(plan, ledger, progress)
    verdicts, sightings = [], []
    for number, each in enumerate(filings):
        progress("judging claims", number, len(filings))
        verdicts.append(ledger.judge(each))
        if each.stolen is not None and each.picture is not None:
            sightings.append(ledger.compare_with(each.picture, each.stolen))
    return ClaimsReport(summary(filings, verdicts) | squatting(filings, verdicts, sightings))


def _plan(drawings: Iterable[Drawing], claims: int, seed: int, squatters: Sequence[Squat]) -> ClaimPlan:
    script = Script(drawings, seed)
    try:
        tell_squats(script, squatters)
        Stories(script).tell(len(script.plan.filings) + claims)
    except StopIteration:
        pass  # no drawing is left for another story
    return script.plan


def _carry_out(plan: ClaimPlan, ledger: ClaimLedger, progress: Callable[[str, int, int | None], None]) -> list[Filing]:
    """All that happens before anybody claims; the claims, with the pictures that they are about."""
    progress("registering works", 0, None)
    ledger.register(plan.early)
    filings = list(plan.filings)
    for number, (picture, model, filing) in enumerate(plan.generated):
        progress("recording generated pictures", number, len(plan.generated))
        file = ledger.generate(picture, model)
        if filing >= 0:
            filings[filing] = replace(filings[filing], picture=file)
    for data, model in plan.reported:
        ledger.report(data, model)
    progress("registering works", 0, None)
    ledger.register(plan.late)
    ledger.disclose("disclosed", plan.listed)
    ledger.disclose("other", [])
    return filings


def one_by_folder(drawings: Iterable[Drawing]) -> Iterator[Drawing]:
    """The first drawing of each subject (LEVELS folders deep) in which there is enough to see to compare it.

    Siblings share drawn parts (two queens of one deck of cards): as works of different people they would be what no
    stranger draws. Of a blank picture no log can say whose it is.
    """
    folders: set[str] = set()
    for each in drawings:
        folder = "/".join(each.name.split("/")[:-1][:LEVELS])
        if folder not in folders and complexity(each.pixels()) >= MINIMUM_COMPLEXITY:
            folders.add(folder)
            yield each
