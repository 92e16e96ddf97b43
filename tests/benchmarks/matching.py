"""Matching on open OpenClipart works that nothing was fitted on: what is found, what is mistaken, what it costs.

The corpus is works of held-out subjects, filled up from the reference subjects. Copies: edited works of held-out
subjects in the corpus. Strangers: works, every second one edited, of held-out subjects that are not in the corpus,
variants of registered works left out. Needs Debian's openclipart-svg (openclipart-png makes it faster).
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from PIL import Image

from ledger.fingerprint.complexity import comparable
from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.spec import default_spec
from ledger.image.pool import DecodePool
from ledger.image.preview import make_preview, read_preview
from ledger.image.types import CanonicalImage
from ledger.match.calibration import Calibration, calibrate
from ledger.match.lists import Verdict
from ledger.match.matcher import Matcher
from ledger.match.null_set import shipped_null_set
from ledger.match.ranking import shipped_ranking
from ledger.match.types import Candidate, MatchOutcome, Query
from ledger.train.edits import edit_randomly
from ledger.train.null_set import Role, role_of
from ledger.train.pictures import OPENCLIPART, SourcePicture, open_works
from ledger.train.variants import variant_pairs
from tests.benchmarks._output import emit
from tests.match.memory_index import MemoryIndex

SEED = 77
"""Not the seed of the null set's edits."""


@dataclass(frozen=True, slots=True)
class Result:
    """One query's outcome; `own` is the work it was made from, None for a stranger."""

    own: str | None
    bin: str
    outcome: MatchOutcome
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, default=400, help="works in the corpus")
    parser.add_argument("--queries", type=int, default=120, help="copies, and as many strangers, at most")
    options = parser.parse_args()
    with DecodePool() as pool:
        fingerprinter = Fingerprinter([load_copy_encoder()], default_spec())
        registered, strangers = _pictures(pool, options.works)
        index = MemoryIndex()
        for candidate, image in _works(registered, pool, fingerprinter):
            index.add(candidate, read_preview(make_preview(image.working)))
        started = time.perf_counter()
        calibration = calibrate(shipped_null_set(), index.blocks(), index.state(), shipped_ranking())
        emit("matching", "calibrate_s", time.perf_counter() - started, "s", works=index.state().works)
        matcher = Matcher(index, calibration, shipped_null_set())
        held_out = [work for work in registered if role_of(OPENCLIPART, work.key) is Role.HELD_OUT]
        unrelated = _without_variants(strangers, index, pool, fingerprinter)
        rounds = -(-options.queries // len(held_out))
        copies = [(work.key, _edited(work, turn)) for turn in range(rounds) for work in held_out][: options.queries]
        others = [(None, _edited(work, 0) if n % 2 else work.image) for n, work in enumerate(unrelated)]
        results = [
            _ask(matcher, calibration, _query(image, pool, fingerprinter), own)
            for own, image in (*copies, *others[: options.queries])
        ]
    _report(results, calibration.alpha, index.state().works)


def _pictures(pool: DecodePool, works: int) -> tuple[list[SourcePicture], list[SourcePicture]]:
    """Works to register, held-out subjects first, and strangers; a subject's works stay together."""
    held, references, strangers = (
        list(open_works(pool, limit=works, seed=SEED, only=only))
        for only in (
            lambda key: role_of(OPENCLIPART, key) is Role.HELD_OUT and not _half(key),
            lambda key: role_of(OPENCLIPART, key) is Role.REFERENCE,
            lambda key: role_of(OPENCLIPART, key) is Role.HELD_OUT and _half(key),
        )
    )
    return [*held, *references][:works], strangers


def _half(key: str) -> bool:
    """Of the held-out subjects, those of the strangers."""
    return hashlib.sha256(f"stranger/{key.rpartition('/')[0]}".encode()).digest()[0] < 128


def _works(
    pictures: Sequence[SourcePicture], pool: DecodePool, fingerprinter: Fingerprinter
) -> Iterator[tuple[Candidate, CanonicalImage]]:
    for picture in pictures:
        image = pool.decode(_png(picture.image))
        fingerprint = fingerprinter.works([image])[0]
        if comparable(image, fingerprint.complexity) is None:
            yield Candidate(picture.key, "", image.sha256, image.pixel_sha256, "", "", fingerprint), image


def _without_variants(
    strangers: Sequence[SourcePicture], index: MemoryIndex, pool: DecodePool, fingerprinter: Fingerprinter
) -> list[SourcePicture]:
    prints = {work.work_id: work.fingerprint for work, _ in _works(strangers, pool, fingerprinter)}
    near = variant_pairs(list(prints.values()), [work.fingerprint for work in index.works()])
    alone = {key for key, variants in zip(prints, near, strict=True) if not variants.any()}
    return [picture for picture in strangers if picture.key in alone]


def _edited(picture: SourcePicture, turn: int) -> Image.Image:
    return edit_randomly(picture.image, random.Random(f"{SEED}/{turn}/{picture.key}"))[0]


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _query(image: Image.Image, pool: DecodePool, fingerprinter: Fingerprinter) -> Query:
    decoded = pool.decode(_png(image))
    fingerprint = fingerprinter.query(decoded)
    reason = comparable(decoded, fingerprint.image.complexity)
    return Query(decoded.sha256, decoded.pixel_sha256, fingerprint, decoded.working, reason)


def _ask(matcher: Matcher, calibration: Calibration, query: Query, own: str | None) -> Result:
    started = time.perf_counter()
    outcome = matcher.match(query, 10)
    seconds = time.perf_counter() - started
    return Result(own, calibration.bin_of(query.fingerprint.image.complexity).name, outcome, seconds)


def _report(results: Sequence[Result], alpha: float, works: int) -> None:
    copies = [result for result in results if result.own is not None]
    strangers = [result for result in results if result.own is None]
    emit("matching", "recall_at_1", _share(_first(result) == result.own for result in copies), "", n=len(copies))
    emit("matching", "match_ms", 1000 * float(np.median([result.seconds for result in results])), "ms", works=works)
    for name in ("all", *sorted({result.bin for result in results})):
        ours = [result for result in copies if name in ("all", result.bin)]
        theirs = [result for result in strangers if name in ("all", result.bin)]
        if ours and theirs:
            context = {"bin": name, "copies": len(ours), "strangers": len(theirs), "alpha": alpha}
            called = (result.outcome.verdict is Verdict.COPY and _first(result) == result.own for result in ours)
            emit("matching", "copies_called", _share(called), "", **context)
            mistaken = (result.outcome.verdict is Verdict.COPY for result in theirs)
            emit("matching", "strangers_called", _share(mistaken), "", **context)
            for level in (0.01, 0.05):
                below = _share(_smallest_p(result) <= level for result in theirs)
                emit("matching", "strangers_below", below, "", **context | {"alpha": level})


def _first(result: Result) -> str | None:
    return result.outcome.matches[0].work_id if result.outcome.matches else None


def _smallest_p(result: Result) -> float:
    return min((match.p_value for match in result.outcome.matches), default=1.0)


def _share(said: Iterator[bool]) -> float:
    return float(np.mean(list(said)))


if __name__ == "__main__":
    main()
