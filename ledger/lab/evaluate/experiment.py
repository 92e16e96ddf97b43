"""Runs one evaluation: the registered works, the questions, and the scores of every method.

Variants of a drawing are left out in the same way for every method (`ledger.lab.train.variants` finds them by hashes
and descriptor). An unrelated picture that is a variant of a work of the corpus is not asked about. The question of a
copy ignores variants of the work that it was made from.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ledger.errors import ConflictError, NotFoundError
from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.spec import copy_spec
from ledger.image.pool import DecodePool
from ledger.lab.evaluate.baselines import Baseline, OurDescriptor, Pdq, PHash, Sscd, normalised
from ledger.lab.evaluate.edits.drawing import VERSION as EDITS_VERSION
from ledger.lab.evaluate.memory_index import MemoryIndex
from ledger.lab.evaluate.metrics import Columns, Scores
from ledger.lab.evaluate.own_null import own_null, rule_digest
from ledger.lab.evaluate.pictures import Picture, Selection, select
from ledger.lab.evaluate.questions import Asked, Corpus, Interview, MethodAnswer, Question, RankedWork
from ledger.lab.evaluate.works import Bench, DescribedWork, Progress, different
from ledger.lab.result_cache import ResultCache
from ledger.lab.train.variants import variant_pairs
from ledger.match.ranking import shipped_ranking
from ledger.match.self_null.edits import VERSION

GROWTH = (50, 200, 800)
"""Smaller sizes of the corpus at which some questions are also asked."""
GROWTH_QUESTIONS = 150
"""Questions of each kind (copies, unrelated pictures) at each of those sizes."""
_LAYOUT = 2
"""Increase it whenever the layout of the cached results changes."""


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """What to measure, and where to cache the results."""

    out: Path
    works: int = 3500
    copies: int = 600
    unrelated: int = 600
    assets: Path | None = None
    seed: int = 7
    growth: Sequence[int] = ()
    both: bool = False
    """Ask about each unrelated picture both clean and edited, instead of alternating."""
    own_null: bool = True
    """Take error rates from the corpus' own works where it has enough; otherwise from the shipped pictures."""


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """An answered question."""

    question: Question
    own: int
    """Column of the copied work; -1 for an unrelated picture."""
    answer: MethodAnswer


@dataclass(frozen=True, slots=True)
class Measurements:
    plan: ExperimentPlan
    works: Sequence[DescribedWork]
    """One per column: the copied works first, in order of growth."""
    replies: Sequence[AnsweredQuestion]
    """One per row."""
    hidden: NDArray[np.bool_]
    """Shape (rows, columns): variants of a copy's own work."""
    background: Sequence[DescribedWork]
    baselines: Mapping[str, Baseline]
    absent: Mapping[str, str]
    """Maps each baseline that could not be measured to the reason."""
    own_null: bool
    """Whether error rates came from the corpus' own works."""
    variants: int
    """Number of unrelated pictures left out as variants."""
    alpha: float
    bins: Sequence[str]
    """Complexity bins of the calibration, the least complex first."""
    spec: str

    @property
    def own(self) -> Columns:
        return np.array([reply.own for reply in self.replies], np.int64)

    @property
    def sources(self) -> Columns:
        """For each question, a number that identifies the picture it was made from."""
        names = [reply.question.picture.name for reply in self.replies]
        return np.unique(names, return_inverse=True)[1].astype(np.int64)

    def asked_at(self, size: int) -> Columns:
        """Rows of the questions that were asked of the corpus of this size."""
        return np.flatnonzero([size in reply.answer.outcomes for reply in self.replies])

    def matches(self, row: int, size: int | None = None) -> list[RankedWork]:
        """Our matches, best first, without variants of the question's own work."""
        column = self._columns()
        found = self.replies[row].answer.outcomes[size or len(self.works)]
        return [match for match in found if not self.hidden[row, column[match.work]]]

    def ours(self, size: int) -> Scores:
        """Our scores, shape (`asked_at(size)`, size)."""
        rows, column = self.asked_at(size), self._columns()
        scores = np.full((len(rows), size), -np.inf, np.float32)
        for place, row in enumerate(rows):
            for match in self.matches(int(row), size):
                scores[place, column[match.work]] = match.score
        return scores

    def baseline(self, name: str) -> tuple[Scores, Scores, float]:
        """Plain and background-normalised scores, each (rows, columns), and the seconds that comparing took."""
        baseline = self.baselines[name]
        queries = [reply.answer.described[name] for reply in self.replies]
        started = time.perf_counter()
        plain = baseline.similarity(queries, [work.described[name] for work in self.works])
        seconds = time.perf_counter() - started
        level = baseline.similarity(queries, [work.described[name] for work in self.background])
        better = normalised(plain, level)
        plain[self.hidden] = better[self.hidden] = -np.inf
        return plain, better, seconds

    def seconds(self, method: str) -> float:
        return sum(reply.answer.seconds[method] for reply in self.replies)

    def _columns(self) -> dict[str, int]:
        return {work.candidate.work_id: column for column, work in enumerate(self.works)}


def measure(plan: ExperimentPlan, progress: Progress) -> Measurements:
    """Measures everything that `plan.out` does not hold yet.

    Raises NotFoundError (`openclipart-missing`, `assets-missing`, and those of missing weights), ConflictError
    (`nothing-held-out`), InputError (`file-unwritable`).
    """
    encoder = load_copy_encoder()
    fingerprinter = Fingerprinter([encoder], copy_spec())
    baselines: dict[str, Baseline] = {baseline.name: baseline for baseline in (PHash(), Pdq(), OurDescriptor(encoder))}
    absent: dict[str, str] = {}
    try:
        baselines[Sscd.name] = Sscd()
    except NotFoundError as error:
        absent[Sscd.name] = f"{error.message}. {error.hint}"
    heading = {"layout": _LAYOUT, "spec": fingerprinter.spec.digest, "peers": sorted(baselines)}
    with DecodePool() as pool, ResultCache(plan.out / "works.jsonl", heading) as cache:
        chosen = select(pool, works=plan.works, unrelated=plan.unrelated, assets=plan.assets, seed=plan.seed)
        bench = Bench(pool, fingerprinter, list(baselines.values()), cache)
        works, place = different(bench.works(chosen.corpus, "fingerprinting the corpus", progress))
        outside = bench.works(chosen.unrelated, "fingerprinting unrelated pictures", progress)
        background = bench.works(chosen.background, "fingerprinting the background", progress)
        corpora = _corpora(works, plan, fingerprinter, progress)
        unrelated = _alone(outside, works)
        questions = _questions(plan, chosen, place, unrelated, corpora)
        with ResultCache(plan.out / "answers.jsonl", heading | _question_heading(plan, chosen, corpora)) as answers:
            interview = Interview(bench, answers, chosen.grounds(unrelated), plan.seed)
            replies = _replies(questions, interview.ask(questions, progress), place)
    return Measurements(
        plan=plan,
        works=works,
        replies=replies,
        hidden=_hidden(works, replies),
        background=background,
        baselines=baselines,
        absent=absent,
        own_null=corpora[-1].calibration.self_null is not None,
        variants=len(outside) - len(unrelated),
        alpha=corpora[-1].calibration.alpha,
        bins=[each.name for each in corpora[-1].calibration.bins],
        spec=fingerprinter.spec.digest,
    )


def _corpora(
    works: Sequence[DescribedWork], plan: ExperimentPlan, fingerprinter: Fingerprinter, progress: Progress
) -> list[Corpus]:
    """Each corpus contains the one before; the full one comes last. Its error rates come from its own works where it
    has enough of them, as a ledger's do."""
    if not works:
        raise ConflictError("no work of the corpus can be compared", code="nothing-held-out")
    previews = {work.candidate.work_id: work.preview for work in works}
    sizes = [*(size for size in plan.growth if size < len(works)), len(works)]
    seconds = {work.candidate.work_id: work.second for work in works if work.second is not None}
    indexes = [MemoryIndex([work.candidate for work in works[:size]], previews, seconds) for size in sizes]
    heading = {"spec": fingerprinter.spec.digest, "edits": VERSION, "rule": rule_digest(shipped_ranking())}
    with ResultCache(plan.out / "null.jsonl", heading) as cache:
        null = own_null(indexes[-1], previews, fingerprinter, cache, progress) if plan.own_null else None
    return [*map(Corpus, indexes[:-1]), Corpus(indexes[-1], null)]


def _alone(unrelated: Sequence[DescribedWork], works: Sequence[DescribedWork]) -> set[str]:
    """Names of the pictures that are no variant of any work."""
    near = variant_pairs(
        [work.candidate.fingerprint for work in unrelated], [work.candidate.fingerprint for work in works]
    )
    return {work.candidate.work_id for work, variants in zip(unrelated, near, strict=True) if not variants.any()}


def _questions(
    plan: ExperimentPlan, chosen: Selection, place: Mapping[str, int], alone: set[str], corpora: Sequence[Corpus]
) -> list[Asked]:
    copied = [picture for picture in chosen.copied if picture.name in place]
    # Cycle through the pictures; each repetition edits the picture in another way.
    copies = [Question(copied[turn % len(copied)], turn, copy=True) for turn in range(plan.copies if copied else 0)]
    unrelated = [picture for picture in chosen.unrelated if picture.name in alone]
    asked: list[Asked] = []
    for questions in (copies, _unrelated_questions(unrelated, both=plan.both)):
        left = dict.fromkeys(range(len(corpora) - 1), GROWTH_QUESTIONS)
        for question in questions:
            column = place.get(question.picture.name, -1)
            sizes = [number for number in left if left[number] and column < corpora[number].size]
            for number in sizes:
                left[number] -= 1
            asked.append((question, [*(corpora[number] for number in sizes), corpora[-1]]))
    return asked


def _unrelated_questions(pictures: Sequence[Picture], *, both: bool) -> list[Question]:
    clean = [Question(picture, None, copy=False) for picture in pictures[:: 1 if both else 2]]
    edited = [(turn, picture) for turn, picture in enumerate(pictures) if both or turn % 2]
    return [*clean, *(Question(picture, turn, copy=False) for turn, picture in edited)]


def _question_heading(plan: ExperimentPlan, chosen: Selection, corpora: Sequence[Corpus]) -> dict[str, object]:
    grounds = [picture.name for picture in (*chosen.unrelated, *chosen.photographs)]
    return {
        "edits": EDITS_VERSION,
        "seed": plan.seed,
        "calibration": corpora[-1].calibration.digest,
        "grounds": hashlib.sha256("\n".join(grounds).encode()).hexdigest(),
    }


def _replies(
    questions: Sequence[Asked], answers: Sequence[MethodAnswer | None], place: Mapping[str, int]
) -> list[AnsweredQuestion]:
    return [
        AnsweredQuestion(question, place[question.picture.name] if question.copy else -1, answer)
        for (question, _), answer in zip(questions, answers, strict=True)
        if answer is not None
    ]


def _hidden(works: Sequence[DescribedWork], replies: Sequence[AnsweredQuestion]) -> NDArray[np.bool_]:
    hidden = np.zeros((len(replies), len(works)), np.bool_)
    own = np.array([reply.own for reply in replies], np.int64)
    columns = np.unique(own[own >= 0])
    prints = [work.candidate.fingerprint for work in works]
    near = variant_pairs([prints[column] for column in columns], prints)
    for column, variants in zip(columns, near, strict=True):
        hidden[own == column] = variants
        hidden[own == column, column] = False
    return hidden
