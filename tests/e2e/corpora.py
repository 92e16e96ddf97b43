"""Two corpora compared by what they are about: ids, keys and times are each run's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.applications import query

_WORKS = """
SELECT d.source_key, encode(w.sha256, 'hex'), encode(w.pixel_sha256, 'hex'), d.title, d.source, d.source_name, a.name,
       w.licence, w.allowed_uses::text, encode(sha256(p.webp), 'hex'), v.phash::text, v.pdq::text, v.copy::text
FROM work w JOIN work_detail d USING (work_id) JOIN artist a ON a.artist_id = d.artist_id
     JOIN preview p USING (work_id) JOIN work_vector v USING (work_id)
     JOIN fingerprint_spec s USING (spec_id)
"""


@dataclass(frozen=True, slots=True)
class Corpus:
    works: Mapping[str, tuple[str, ...]]
    """By source key: digests, names, licence, uses, preview, hashes."""
    copies: Mapping[str, NDArray[np.float32]]
    """By source key: the copy descriptor."""


def corpus_of(database_url: str, spec: str) -> Corpus:
    """With the fingerprints of a spec (digest). Asserts that each work is there once, and whole."""
    rows = query(database_url, f"{_WORKS} WHERE s.digest = %s", bytes.fromhex(spec))
    for table in ("work", "work_detail", "preview"):
        assert query(database_url, f"SELECT count(*) FROM {table}") == [(len(rows),)], table
    local = "SELECT count(*) FROM work_local JOIN fingerprint_spec USING (spec_id) WHERE digest = %s"
    assert query(database_url, local, bytes.fromhex(spec)) == [(len(rows),)]
    corpus = Corpus(
        {row[0]: tuple(row[1:-1]) for row in rows},
        {row[0]: np.fromstring(row[-1].strip("[]"), np.float32, sep=",") for row in rows},
    )
    assert len(corpus.works) == len(rows), "a work is registered twice"
    return corpus


def assert_same(one: Corpus, other: Corpus) -> None:
    """The descriptor may differ in its last bits, and float16 rounds its length."""
    assert one.works == other.works
    for key, copy in one.copies.items():
        assert float(copy @ other.copies[key]) > 0.999, key
