"""Nearness in style: the measure, its error rates, and how its findings stand beside copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load, save

from ledger.corpus.work import CorpusState
from ledger.errors import ConflictError, IntegrityError
from ledger.fingerprint.spec import copy_spec
from ledger.lab.evaluate.memory_index import MemoryIndex
from ledger.match.block import FingerprintBlock
from ledger.match.calibration import Calibration, calibrate
from ledger.match.candidate import Candidate, MatchOutcome, Query
from ledger.match.copies.matcher import Matcher
from ledger.match.lists import Relation, Verdict
from ledger.match.null_set import NullSet, shipped_null_set
from ledger.match.ranking import shipped_ranking
from ledger.match.style.calibration import StyledCorpus
from ledger.match.style.measure import StyleBlock, StyleMeasure
from ledger.match.style.null import NEIGHBOURS, StyleNull, read_style_null, write_style_null
from tests.match.drawings import as_query
from tests.match.styles import SPEC, corpus_of, fingerprint, style_null, styled_spec, styles, work

WORKS = 60
ALPHA = 0.01


@pytest.fixture(scope="module")
def null_set() -> NullSet:
    return shipped_null_set()


@pytest.fixture(scope="module")
def unrelated(null_set: NullSet) -> StyleNull:
    return style_null(null_set)


@pytest.fixture(scope="module")
def works() -> list[Candidate]:
    """Every second one may be compared by style."""
    return [work(seed, styles(seed, 1), allows_style=seed % 2 == 0) for seed in range(1000, 1000 + WORKS)]


def calibrated(null_set: NullSet, unrelated: StyleNull | None, works: Sequence[Candidate]) -> Calibration:
    prints = [each.fingerprint for each in works]
    allowed = [each.fingerprint for each in works if each.allows_style]
    style = None if unrelated is None else StyledCorpus(unrelated, [StyleBlock.stack(allowed)])
    blocks = [FingerprintBlock.stack(prints)]
    return calibrate(null_set, blocks, corpus_of(works), shipped_ranking(), spec=SPEC, style=style)


@pytest.fixture(scope="module")
def calibration(null_set: NullSet, unrelated: StyleNull, works: list[Candidate]) -> Calibration:
    return calibrated(null_set, unrelated, works)


def asked(seed: int, style: StyleBlock, *, sha256: str = "f" * 64) -> Query:
    image = fingerprint(seed, style)
    return Query(sha256, "e" * 64, as_query(image), np.full((64, 64, 3), 255, np.uint8))


def answered(
    works: Sequence[Candidate], calibration: Calibration, null_set: NullSet, unrelated: StyleNull | None, query: Query
) -> MatchOutcome:
    return Matcher(MemoryIndex(works, {}), calibration, null_set, unrelated).match(query)


def test_the_measure_is_csls_of_both_embeddings() -> None:
    measure = StyleMeasure(styles(3, 40), clip_weight=2.0, vae_weight=0.5, neighbours=4)
    queries, corpus = styles(4, 3), styles(5, 6)
    found = measure.nearness(queries, measure.levels(queries), corpus)
    for row in range(3):
        for column in range(6):
            expected = 0.0
            for weight, name in ((2.0, "clip"), (0.5, "vae")):
                query, other, around = (
                    getattr(block, name).astype(np.float64) for block in (queries, corpus, measure.background)
                )
                common = [np.sort(around @ each)[-4:].mean() for each in (query[row], other[column])]
                expected += weight * (2 * query[row] @ other[column] - sum(common))
            assert found.score[row, column] == pytest.approx(expected, abs=1e-4)


def test_unrelated_pictures_are_called_near_in_style_as_rarely_as_stated(
    null_set: NullSet, unrelated: StyleNull, works: list[Candidate], calibration: Calibration
) -> None:
    """Pictures drawn like those of the null set: at most about a hundredth has p <= .01."""
    rates, measure = calibration.style, unrelated.measure
    assert rates is not None
    fresh = styles(77, 4000)
    corpus = StyleBlock.stack([each.fingerprint for each in works if each.allows_style])
    best = measure.nearness(fresh, measure.levels(fresh), corpus).score.max(axis=1)
    p_values = np.array([rates.bin_of(0.5).p_value(float(score)) for score in best])
    for alpha in (0.01, 0.05, 0.2):
        assert abs((p_values <= alpha).mean() - alpha) < 0.012 + alpha / 5


def test_a_picture_in_the_style_of_a_work_finds_it(
    null_set: NullSet, unrelated: StyleNull, works: list[Candidate], calibration: Calibration
) -> None:
    style = styles(1010, 1)
    outcome = answered(works, calibration, null_set, unrelated, asked(1, style))
    first = outcome.matches[0]
    assert outcome.verdict is Verdict.STYLE
    assert (first.work_id, first.relation, first.bin) == ("1010", Relation.SIMILAR_STYLE, "style-detailed")
    assert first.p_value == pytest.approx(1 / (first.n_null + 1), abs=1e-6)
    assert first.raw.keys() == {"clip_cosine", "style", "vae_cosine"}
    assert first.raw["clip_cosine"] == pytest.approx(1, abs=1e-3)
    assert first.score < 0.5, "the probability of a copy stays what it is"
    assert all("fused" in match.raw for match in outcome.matches[1:])
    assert [match.rank for match in outcome.matches] == list(range(1, 11))


def test_works_that_do_not_allow_it_are_not_compared_by_style(
    null_set: NullSet, unrelated: StyleNull, works: list[Candidate], calibration: Calibration
) -> None:
    outcome = answered(works, calibration, null_set, unrelated, asked(1, styles(1011, 1)))
    assert outcome.verdict is Verdict.NONE
    assert all("style" not in match.raw for match in outcome.matches)


def test_copies_come_first_and_are_never_called_style(
    null_set: NullSet, unrelated: StyleNull, works: list[Candidate], calibration: Calibration
) -> None:
    query = asked(1, styles(1010, 1), sha256=works[10].sha256)
    outcome = answered(works, calibration, null_set, unrelated, query)
    assert outcome.verdict is Verdict.COPY
    assert (outcome.matches[0].work_id, outcome.matches[0].relation) == ("1010", Relation.EXACT)
    assert "fused" in outcome.matches[0].raw
    other = asked(1, styles(1012, 1), sha256=works[10].sha256)
    matches = answered(works, calibration, null_set, unrelated, other).matches
    assert [(match.work_id, "style" in match.raw) for match in matches[:2]] == [("1010", False), ("1012", True)]


def test_what_is_as_near_as_a_copy_keeps_that_p_value(
    null_set: NullSet, unrelated: StyleNull, works: list[Candidate], calibration: Calibration
) -> None:
    """Near in style beside: a possible copy that was not verified must not be played down."""
    query = asked(1, styles(1010, 1))
    near = works[10].fingerprint
    image = replace(query.fingerprint.image, embeddings=near.embeddings, phash=near.phash, pdq=near.pdq)
    query = replace(query, fingerprint=replace(as_query(image), phash_views=(near.phash,), pdq_views=(near.pdq,)))
    first = answered(works, calibration, null_set, unrelated, query).matches[0]
    assert first.work_id == "1010"
    assert first.p_value <= ALPHA
    assert "fused" in first.raw
    assert "style" not in first.raw


def test_without_unrelated_pictures_or_rates_all_is_as_it_was(
    null_set: NullSet, unrelated: StyleNull, works: list[Candidate], calibration: Calibration
) -> None:
    query = asked(1, styles(1010, 1))
    without = calibrated(null_set, None, works)
    assert without.style is None
    assert without.spec == SPEC.digest
    outcomes = [
        answered(works, without, null_set, unrelated, query),
        answered(works, calibration, null_set, None, query),
    ]
    assert [outcome.verdict for outcome in outcomes] == [Verdict.NONE, Verdict.NONE]
    assert outcomes[0].matches == outcomes[1].matches


def test_a_picture_that_says_too_little_has_no_style(
    null_set: NullSet, unrelated: StyleNull, works: list[Candidate], calibration: Calibration
) -> None:
    query = replace(asked(1, styles(1010, 1)), not_comparable="blank")
    assert not answered(works, calibration, null_set, unrelated, query).matches


def test_the_calibration_file_carries_the_part_of_style(null_set: NullSet, calibration: Calibration) -> None:
    again = Calibration.read(calibration.document)
    assert again.digest == calibration.digest
    assert again.style is not None
    assert calibration.style is not None
    assert [item.name for item in again.style.bins] == ["style-flat", "style-simple", "style-detailed"]
    assert [item.n for item in again.style.bins] == [item.n for item in calibration.bins]
    assert again.style.alpha == ALPHA
    assert (again.spec, null_set.spec) == (SPEC.digest, SPEC.copy_part)


def test_a_spec_of_copies_alone_has_the_file_of_old(null_set: NullSet) -> None:
    plain = calibrate(null_set, [], CorpusState(through=-1, works=0), shipped_ranking())
    named = calibrate(null_set, [], CorpusState(through=-1, works=0), shipped_ranking(), spec=copy_spec())
    assert plain.document == named.document
    assert b'"style":null' in plain.document
    assert plain.spec == copy_spec().digest


def test_null_pictures_that_the_corpus_contains_are_left_out_of_style_too(null_set: NullSet) -> None:
    rows = np.arange(0, len(null_set), 2)
    inside = np.array([4, 5, 6])
    sources = null_set.sources
    block = FingerprintBlock(
        spec=SPEC.digest,
        copy=sources.copy[inside],
        phash=sources.phash[inside],
        pdq=sources.pdq[inside],
        pdq_quality=sources.pdq_quality[inside],
        complexity=np.zeros(3, np.float32),
    )
    style = StyledCorpus(style_null(null_set, rows=rows), [styles(9, 5)])
    made = calibrate(null_set, [block], CorpusState(2, 3), shipped_ranking(), spec=SPEC, style=style)
    assert made.style is not None
    assert sum(item.n for item in made.style.bins) == len(rows) - 2


def test_where_the_corpus_contains_every_unrelated_picture_nothing_is_near_in_style(null_set: NullSet) -> None:
    rows = np.array([4])
    sources = null_set.sources
    block = FingerprintBlock(
        SPEC.digest,
        sources.copy[rows],
        sources.phash[rows],
        sources.pdq[rows],
        sources.pdq_quality[rows],
        np.zeros(1, np.float32),
    )
    style = StyledCorpus(style_null(null_set, rows=rows), [styles(9, 5)])
    made = calibrate(null_set, [block], CorpusState(0, 1), shipped_ranking(), spec=SPEC, style=style)
    assert made.style is not None
    assert made.style.bin_of(0.9).p_value(1000.0) == 1.0


def test_other_models_need_another_null_set(null_set: NullSet, unrelated: StyleNull, works: list[Candidate]) -> None:
    blocks = [FingerprintBlock.stack([each.fingerprint for each in works])]
    style = StyledCorpus(unrelated, [])
    for spec, wrong, code in (
        (styled_spec("other"), style, "spec-mismatch"),
        (SPEC, replace(style, style_null=replace(unrelated, null_set="0" * 64)), "calibration-mismatch"),
    ):
        with pytest.raises(ConflictError) as refused:
            calibrate(null_set, [], corpus_of(works), shipped_ranking(), spec=spec, style=wrong)
        assert refused.value.code == code
    with pytest.raises(ConflictError) as refused:
        calibrate(null_set, blocks, corpus_of(works), shipped_ranking())
    assert refused.value.code == "spec-mismatch"
    made = calibrated(null_set, unrelated, works)
    with pytest.raises(ConflictError) as refused:
        Matcher(MemoryIndex(works, {}), made, null_set, style_null(null_set, seed=40))
    assert refused.value.code == "calibration-mismatch"


def test_the_file_of_unrelated_pictures(null_set: NullSet, unrelated: StyleNull) -> None:
    data = write_style_null(unrelated.spec, unrelated.null_set, unrelated.rows, unrelated.pictures, unrelated.measure)
    assert read_style_null(data).digest == unrelated.digest
    arrays = load(data)
    spoilt = [
        b"",
        data[:200],
        data[:-1],
        save({name: array for name, array in arrays.items() if name != "weights"}),
        save({**arrays, "rows": arrays["rows"][1:].copy()}),
        save({**arrays, "weights": np.zeros(3)}),
        save({**arrays, "pictures.clip": arrays["pictures.clip"].astype(np.float32)}),
        save(
            {name: array[: NEIGHBOURS - 1].copy() if "background" in name else array for name, array in arrays.items()}
        ),
    ]
    for each in spoilt:
        with pytest.raises(IntegrityError) as refused:
            read_style_null(each)
        assert refused.value.code == "bad-style-null"
