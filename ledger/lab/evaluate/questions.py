"""The questions of an evaluation and every method's timed answers, kept in a cache."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

from PIL import Image

from ledger.errors import InputError
from ledger.flows.pictures.verify import query_with_views
from ledger.image.canonical_image import CanonicalImage
from ledger.lab.evaluate.edits.drawing import Edit, combined, draw, generator
from ledger.lab.evaluate.edits.kinds import Grounds
from ledger.lab.evaluate.memory_index import MemoryIndex
from ledger.lab.evaluate.pictures import Picture
from ledger.lab.evaluate.works import Bench, Progress, text
from ledger.lab.result_cache import ResultCache
from ledger.match.calibration import Calibration, calibrate
from ledger.match.candidate import MatchOutcome, Query
from ledger.match.copies.matcher import Matcher
from ledger.match.lists import Relation
from ledger.match.null_set import shipped_null_set
from ledger.match.ranking import shipped_ranking
from ledger.match.self_null.null_scores import SelfNull

OURS = "ours"
_STAGE = "asking"


@dataclass(frozen=True, slots=True)
class Question:
    """A picture to ask about, edited or clean."""

    picture: Picture
    turn: int | None
    """Chooses the edits (`edits.draw`); None: clean."""
    copy: bool
    """Whether the picture is a work of the corpus."""

    @property
    def key(self) -> str:
        return f"{self.turn}/{self.picture.name}"

    def edits(self, seed: int) -> tuple[Edit, ...]:
        return () if self.turn is None else draw(self.turn, generator(seed, self.key))

    def png(self, grounds: Grounds, seed: int) -> bytes:
        """The file that is asked about. Raises InputError."""
        pixels = self.picture.pixels()
        if self.turn is not None:
            pixels, _ = combined(pixels, self.picture.name, grounds, seed=seed, turn=self.turn)
        file = BytesIO()
        Image.fromarray(pixels).save(file, "PNG", compress_level=1)
        return file.getvalue()


@dataclass(frozen=True, slots=True)
class RankedWork:
    """A work that a question was answered with, best first; stored with the answers of an evaluation."""

    work: str
    score: float
    p_value: float
    relation: Relation


@dataclass(frozen=True, slots=True)
class MethodAnswer:
    """The methods' answers to a question."""

    bin: str
    not_comparable: str | None
    outcomes: Mapping[int, tuple[RankedWork, ...]]
    """Our matches by size of the corpus. Not every question is asked at every size."""
    described: Mapping[str, bytes]
    """Descriptions by baseline."""
    seconds: Mapping[str, float]
    """Seconds per method, counted from decoded pixels; for a baseline without the comparison."""


class Corpus:
    """The works of a corpus of one size, with its calibration."""

    def __init__(self, index: MemoryIndex, self_null: SelfNull | None = None) -> None:
        self.size = len(index.works)
        self.calibration: Calibration = calibrate(
            shipped_null_set(), [index.block], index.state(), shipped_ranking(), self_null=self_null
        )
        self._matcher = Matcher(index, self.calibration, shipped_null_set())

    def match(self, query: Query) -> MatchOutcome:
        return self._matcher.match(query)


Asked = tuple[Question, Sequence[Corpus]]
"""A question and the corpora that are searched for it, the full one last."""


@dataclass(frozen=True, slots=True)
class Interview:
    """Asks every question once."""

    bench: Bench
    cache: ResultCache
    grounds: Grounds
    seed: int

    def ask(self, questions: Sequence[Asked], progress: Progress) -> list[MethodAnswer | None]:
        """Answers in the order of `questions`; None for a picture that could not be decoded."""
        todo = [asked for asked in questions if not self._known(*asked)]
        done = len(questions) - len(todo)
        progress(_STAGE, done, len(questions))
        files = ((number, partial(each.png, self.grounds, self.seed)) for number, (each, _) in enumerate(todo))
        for number, image in self.bench.pool.decode_all(files):
            question, corpora = todo[number]
            self.cache.put(question.key, None if isinstance(image, InputError) else self._answer(image, corpora))
            done += 1
            progress(_STAGE, done, len(questions))
        return [_read(self.cache[question.key]) for question, _ in questions]

    def _known(self, question: Question, corpora: Sequence[Corpus]) -> bool:
        """Whether the cached answer covers all these corpora; it may have been asked at fewer sizes."""
        if question.key not in self.cache:
            return False
        kept = self.cache[question.key]
        return kept is None or all(str(corpus.size) in kept["outcomes"] for corpus in corpora)

    def _answer(self, image: CanonicalImage, corpora: Sequence[Corpus]) -> dict[str, Any]:
        started = time.perf_counter()
        query = query_with_views(image, self.bench.fingerprinter)
        fingerprint, reason = query.fingerprint, query.not_comparable
        full = corpora[-1].match(query)
        seconds = {OURS: time.perf_counter() - started}
        described = {}
        for baseline in self.bench.baselines:
            started = time.perf_counter()
            described[baseline.name] = text(baseline.describe(image.working))
            seconds[baseline.name] = time.perf_counter() - started
        outcomes = {corpora[-1].size: full, **{corpus.size: corpus.match(query) for corpus in corpora[:-1]}}
        return {
            "bin": corpora[-1].calibration.bin_of(fingerprint.image.complexity).name,
            "not_comparable": reason,
            "outcomes": {
                str(size): [(each.work_id, each.score, each.p_value, each.relation.value) for each in outcome.matches]
                for size, outcome in outcomes.items()
            },
            "described": described,
            "seconds": seconds,
        }


def _read(kept: Mapping[str, Any] | None) -> MethodAnswer | None:
    if kept is None:
        return None
    return MethodAnswer(
        bin=kept["bin"],
        not_comparable=kept["not_comparable"],
        outcomes={
            int(size): tuple(RankedWork(work, score, p_value, Relation(said)) for work, score, p_value, said in matches)
            for size, matches in kept["outcomes"].items()
        },
        described={baseline: b64decode(data) for baseline, data in kept["described"].items()},
        seconds=kept["seconds"],
    )
