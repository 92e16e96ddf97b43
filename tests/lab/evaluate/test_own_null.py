"""Null scores of a corpus in memory: from its own works, from a cache, and only where it is large enough."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.spec import copy_spec
from ledger.image.canonical_image import CanonicalImage
from ledger.image.preview import make_preview
from ledger.lab.evaluate.memory_index import MemoryIndex
from ledger.lab.evaluate.own_null import own_null
from ledger.lab.result_cache import ResultCache
from ledger.match.candidate import Candidate
from ledger.match.self_null.sample import SAMPLE_RULE, place
from tests.match.drawings import drawing, pixels

RULE = replace(SAMPLE_RULE, most=5, per_artist=2, least=3, least_works=24, least_artists=4)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_corpus_gives_its_own_null_scores_once(tmp_path: Path) -> None:
    fingerprinter = Fingerprinter([load_copy_encoder()], copy_spec())
    pictures = [pixels(drawing(number, 96)) for number in range(24)]
    images = [CanonicalImage(sha(f"{n}"), "image/png", 96, 96, sha(f"p{n}"), each) for n, each in enumerate(pictures)]
    works = [
        Candidate(f"w{n:02}", f"artist {n % 4}", image.sha256, image.pixel_sha256, "", "", made)
        for n, (image, made) in enumerate(zip(images, fingerprinter.works(images), strict=True))
    ]
    previews = {work.work_id: make_preview(picture) for work, picture in zip(works, pictures, strict=True)}
    index, stages = MemoryIndex(works, previews), set()
    with ResultCache(tmp_path / "null.jsonl", {}) as cache:
        made = own_null(index, previews, fingerprinter, cache, lambda stage, *_: stages.add(stage), rule=RULE)
        assert made is not None
        size = (tmp_path / "null.jsonl").stat().st_size
        again = own_null(index, previews, fingerprinter, cache, lambda *_: None, rule=RULE)
        few = own_null(index, previews, fingerprinter, cache, lambda *_: None, rule=replace(RULE, least_works=25))
    assert 3 <= len(made.scores) <= 5
    assert stages == {"sampling works", "aligning sampled works"}
    places = [
        place(bytes.fromhex(work.pixel_sha256)) for name in made.work_ids for work in works if work.work_id == name
    ]
    assert places == sorted(places)
    assert again is not None
    assert (again.work_ids, again.scores.tolist()) == (made.work_ids, pytest.approx(made.scores.tolist(), abs=1e-5))
    assert (tmp_path / "null.jsonl").stat().st_size == size
    assert np.isfinite(made.scores).all()
    assert few is None
