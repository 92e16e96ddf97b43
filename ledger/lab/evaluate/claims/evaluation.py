"""Judges claims whose truth is known by the published rules: how often is the verdict right, and whom does it wrong?

Every claim is constructed from open works; held-out works come first. Artists register works, and thieves register
copies of them, before or after. Drawings stand in for pictures that a server generated or that operators reported,
since only the record matters. Claims are then made about the files themselves, edited copies and unrelated pictures.
The expected verdict is `supported` or `contradicted` only if a log can hold the evidence. It is `inconclusive`
otherwise, in particular for both sides when two people registered the same picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.fingerprint.complexity import MINIMUM_COMPLEXITY, complexity
from ledger.lab.evaluate.claims.figures import squatting, summary
from ledger.lab.evaluate.claims.plan import ClaimLedger, ClaimPlan, Drawing, Filing, Script
from ledger.lab.evaluate.claims.squats import SQUATS, Squat, tell_squats
from ledger.lab.evaluate.claims.stories import Stories

LEVELS = 4
"""Leading path components that identify a subject, including the collection's name."""


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
    """Judges at least `claims` claims plus those of squatters, or as many as the drawings allow.

    Each drawing is used in one story only.
    """
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
    """Carries out everything that precedes the claims. Returns the claims with their pictures."""
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
    """The first drawing of each subject (LEVELS folders deep) that has enough detail to be compared.

    Siblings share drawn parts (two queens of one deck of cards), which works of different people would not.
    No log can say who made a blank picture.
    """
    folders: set[str] = set()
    for each in drawings:
        folder = "/".join(each.name.split("/")[:-1][:LEVELS])
        if folder not in folders and complexity(each.pixels()) >= MINIMUM_COMPLEXITY:
            folders.add(folder)
            yield each
