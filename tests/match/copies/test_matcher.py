"""The whole way from a picture to matches, with the real models, null set and ranking, over thirty real drawings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from ledger.errors import ConflictError
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.image.pool import DecodePool
from ledger.lab.evaluate.memory_index import MemoryIndex
from ledger.match.calibration import calibrate
from ledger.match.candidate import Candidate, Query
from ledger.match.copies.matcher import Matcher
from ledger.match.lists import MATCHES, Relation, Verdict
from ledger.match.null_set import shipped_null_set
from ledger.match.ranking import shipped_ranking
from tests.match.copies.studio import ART, OUTSIDE, Studio, cropped_and_recompressed, encoded, opened


@pytest.mark.parametrize("path", ART[:3], ids=lambda path: path.stem)
def test_the_same_bytes_are_exact_at_the_smallest_p(studio: Studio, path: Path) -> None:
    outcome = studio.match(path.read_bytes())

    first = outcome.matches[0]
    assert (first.work_id, first.relation, outcome.verdict) == (path.stem, Relation.EXACT, Verdict.COPY)
    assert first.p_value == pytest.approx(1 / (first.n_null + 1), abs=1e-6)
    assert first.p_value <= studio.calibration.alpha
    assert first.evidence is None


def test_the_same_pixels_in_another_file_are_same_pixels(studio: Studio) -> None:
    outcome = studio.match(encoded(opened(ART[0]), "TIFF"))

    assert (outcome.matches[0].work_id, outcome.matches[0].relation) == (ART[0].stem, Relation.SAME_PIXELS)
    assert outcome.verdict is Verdict.COPY


def test_edited_copies_are_verified_and_say_where(studio: Studio) -> None:
    outcomes = {path.stem: studio.match(cropped_and_recompressed(path)) for path in ART[:-OUTSIDE]}

    first = {name: outcome.matches[0] for name, outcome in outcomes.items()}
    called = [name for name, outcome in outcomes.items() if outcome.verdict is Verdict.COPY]
    assert all(match.work_id == name for name, match in first.items())
    assert len(called) >= 0.8 * len(outcomes)
    for name in called:
        assert first[name].relation in (Relation.NEAR_DUPLICATE, Relation.PARTIAL_COPY)
        assert first[name].evidence is not None
        assert first[name].p_value <= studio.calibration.alpha
        assert outcomes[name].attribution.shares[0].artists == (f"artist of {name}",)


def test_a_mirrored_copy_is_found(studio: Studio) -> None:
    outcome = studio.match(encoded(ImageOps.mirror(opened(ART[1]))))

    assert (outcome.matches[0].work_id, outcome.verdict) == (ART[1].stem, Verdict.COPY)


@pytest.mark.parametrize("path", ART[-OUTSIDE:], ids=lambda path: path.stem)
def test_works_that_are_not_in_the_corpus_are_copies_of_nothing(studio: Studio, path: Path) -> None:
    outcome = studio.match(path.read_bytes())

    assert outcome.verdict is not Verdict.COPY
    assert {match.relation for match in outcome.matches} <= {Relation.NEAREST, Relation.UNVERIFIED}
    for match in outcome.matches:
        assert (match.relation is Relation.NEAREST) == (match.p_value > studio.calibration.alpha)


def test_levels_are_those_of_the_corpus_whatever_part_of_it_is_searched(studio: Studio) -> None:
    """A part of the corpus is compared with the levels of the whole, so that its scores are the same."""
    state, works = studio.index.state(), [studio.index.block]
    calibration = calibrate(shipped_null_set(), works, state, shipped_ranking(), least_works=15)
    query = studio.query(cropped_and_recompressed(ART[2]))
    whole = Matcher(studio.index, calibration, shipped_null_set()).compare(query, 60)
    part = Matcher(OnlyWorks(studio.index, {ART[2].stem, ART[3].stem}), calibration, shipped_null_set())
    raw = {match.work_id: dict(match.raw) for match in whole}
    found = {match.work_id: match.raw for match in part.compare(query, 60)}
    assert found.keys() == {ART[2].stem, ART[3].stem}
    assert all(parts == pytest.approx(raw[work_id], abs=1e-5) for work_id, parts in found.items())
    copies = studio.index.block.copy.astype(np.float32)
    near = np.sort(copies @ query.fingerprint.image.embeddings["copy"].astype(np.float32))[::-1]
    assert raw[ART[2].stem]["copy_background"] == pytest.approx(near[3:15].mean(), abs=1e-5)
    looks = np.sort(query.fingerprint.windows["copy"].astype(np.float32) @ copies.T, axis=1)[:, ::-1]
    assert min(abs(looks[:, 3:15].mean(axis=1) - raw[ART[2].stem]["copy_look_background"])) < 1e-5


class OnlyWorks(MemoryIndex):
    """Offers only some works of an index."""

    def __init__(self, index: MemoryIndex, names: set[str]) -> None:
        super().__init__(index.works, index._previews)
        self._names = names

    def search(self, query: Query, *, limit: int) -> Sequence[Candidate]:
        return [each for each in super().search(query, limit=limit) if each.work_id in self._names]


def test_matches_are_ranked_complete_and_plausible(studio: Studio) -> None:
    outcome = studio.match(cropped_and_recompressed(ART[2]))

    assert [match.rank for match in outcome.matches] == list(range(1, 11))
    scores = [match.score for match in outcome.matches]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
    assert outcome.calibration == studio.calibration.digest
    for match in outcome.matches:
        parts = dict(match.raw)
        assert set(parts) == {
            "copy_cosine", "copy_background", "copy_look", "copy_look_background", "phash_distance", "pdq_distance",
            "fused",
        }  # fmt: skip
        assert -1.01 <= parts["copy_cosine"] <= 1.01
        placed = studio.calibration.bin_of(studio.query(cropped_and_recompressed(ART[2])).fingerprint.image.complexity)
        assert (match.bin, match.n_null) == (placed.name, placed.n)
        assert match.p_value == pytest.approx(placed.p_value(parts["fused"]), abs=1e-6)


def test_a_blank_picture_is_not_comparable_and_matches_nothing(studio: Studio) -> None:
    outcome = studio.match(encoded(Image.new("RGB", (400, 300), "white")))

    assert (outcome.verdict, outcome.matches) == (Verdict.NOT_COMPARABLE, ())
    assert outcome.not_comparable is not None
    assert outcome.attribution.unattributed == 1


def test_a_registered_blank_picture_matches_its_own_bytes_and_no_other_blank(
    pool: DecodePool, fingerprinter: Fingerprinter
) -> None:
    studio = Studio(pool, fingerprinter)
    blank = Image.new("RGB", (400, 300), "white")
    studio.register("blank", encoded(blank))

    same, other = studio.match(encoded(blank)), studio.match(encoded(blank, "TIFF"))

    assert (same.verdict, same.matches[0].relation) == (Verdict.COPY, Relation.EXACT)
    assert (other.verdict, other.matches) == (Verdict.NOT_COMPARABLE, ())


def test_a_corpus_without_works(pool: DecodePool, fingerprinter: Fingerprinter, studio: Studio) -> None:
    index = MemoryIndex([], {})
    calibration = calibrate(shipped_null_set(), [], index.state(), shipped_ranking())

    outcome = Matcher(index, calibration, shipped_null_set()).match(studio.query(ART[0].read_bytes()))

    assert (outcome.verdict, outcome.matches, outcome.corpus.works) == (Verdict.NONE, (), 0)


def test_a_copy_whose_preview_is_gone_is_not_called_a_copy(studio: Studio) -> None:
    index = MemoryIndex([studio.works[ART[0].stem]], {})

    outcome = Matcher(index, studio.calibration, shipped_null_set()).match(
        studio.query(cropped_and_recompressed(ART[0]))
    )

    assert outcome.verdict is not Verdict.COPY


def test_two_registrations_of_one_picture_share_its_attribution(pool: DecodePool, fingerprinter: Fingerprinter) -> None:
    studio = Studio(pool, fingerprinter)
    studio.register("second registration", encoded(opened(ART[0]), "TIFF"))

    outcome = studio.match(ART[0].read_bytes())

    first, second = outcome.matches[:2]
    both = (f"artist of {ART[0].stem}", "artist of second registration")
    assert (first.relation, first.work_id, first.artists) == (Relation.EXACT, ART[0].stem, both)
    assert first.group is not None
    assert first.group.first == ART[0].stem
    assert "second registration" not in [match.work_id for match in outcome.matches]
    assert second.group is None
    assert [(share.artists, share.group) for share in outcome.attribution.shares] == [(both, ART[0].stem)]
    assert len(outcome.matches) == MATCHES


def test_a_calibration_of_another_null_set_or_spec_is_refused(studio: Studio) -> None:
    other = replace(studio.calibration, null_set=hashlib.sha256(b"other").hexdigest())
    with pytest.raises(ConflictError) as caught:
        Matcher(studio.index, other, shipped_null_set())
    assert caught.value.code == "calibration-mismatch"

    elsewhere = replace(studio.calibration, spec="6" * 64)
    with pytest.raises(ConflictError) as caught:
        Matcher(studio.index, elsewhere, shipped_null_set()).match(studio.query(ART[0].read_bytes()))
    assert caught.value.code == "spec-mismatch"
