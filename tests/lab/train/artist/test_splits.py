from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from ledger.fingerprint.fingerprint import Fingerprint
from ledger.lab.train.artist.groups import duplicate_groups
from ledger.lab.train.artist.splits import apart, divide
from ledger.lab.train.variants import HASH_BITS
from tests.lab.train.test_variants import _related
from tests.match.artists.samples import labelled
from tests.match.drawings import fingerprint


def test_no_subject_is_in_two_folds() -> None:
    works = labelled(6, 30, subjects=12)
    folds = divide(works, 4, seed=1)
    for subject in {work.subject for work in works}:
        assert len({fold for work, fold in zip(works, folds, strict=True) if work.subject == subject}) == 1
    assert (divide(works, 4, seed=1) == folds).all()
    assert (divide(works, 4, seed=2) != folds).any()


def test_the_works_of_each_artist_are_divided_evenly() -> None:
    works = labelled(6, 48, subjects=24)
    folds = divide(works, 4, seed=1)
    for artist in {work.artist for work in works}:
        counts = Counter(int(fold) for work, fold in zip(works, folds, strict=True) if work.artist == artist)
        assert set(counts.values()) == {12}


def test_near_duplicates_of_what_is_held_out_are_not_fitted_on() -> None:
    works = labelled(2, 8)
    works[1] = replace(works[1], group=works[0].group)
    held_out = np.zeros(16, np.bool_)
    held_out[[0, 5]] = True
    assert np.flatnonzero(~apart(works, held_out)).tolist() == [0, 1, 5]


def test_groups_connect_variants_of_variants() -> None:
    one, two = fingerprint(1), fingerprint(2)
    near = _related(one, phash=HASH_BITS)
    nearer = replace(_related(two, cosine=0.0), phash=near.phash)
    pictures: list[Fingerprint] = [one, two, near, nearer]
    groups = duplicate_groups(pictures)
    assert groups[0] == groups[2] == groups[3]
    assert groups[1] != groups[0]
