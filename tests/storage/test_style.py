"""Embeddings of style in the database: stored where there are any, offered only where the work allows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
import sqlalchemy as sa

from ledger import canonical
from ledger.corpus.work import AllowedUse
from ledger.fingerprint.fingerprint import Fingerprint, Vector
from ledger.match.candidate import WORKS_PER_STYLE
from ledger.storage.database import Database
from ledger.storage.search.candidates import PgVectorIndex
from ledger.storage.search.nearest import WorkFilter
from ledger.storage.search.vector_indexes import ensure_indexes
from ledger.storage.works.corpus import NewWork
from tests.storage.works import DIMENSION, SmallSpec, Stores, new_work, query_of, registration_of, stores_of

CLIP, VAE = 24, 40
OPEN: tuple[AllowedUse, ...] = ("match", "style")
CLOSED: tuple[AllowedUse, ...] = ("match",)


@dataclass(frozen=True, slots=True)
class StyledSpec(SmallSpec):
    @property
    def document(self) -> bytes:
        sizes = {"copy": DIMENSION, "clip": CLIP, "vae": VAE}
        embeddings = {name: {"dimension": size} for name, size in sizes.items()}
        return canonical.dumps({"embeddings": embeddings, "name": self.name})


SPEC = StyledSpec("styled")


def unit(random: np.random.Generator, size: int) -> Vector:
    vector = random.standard_normal(size).astype(np.float32)
    return (vector / np.linalg.norm(vector)).astype(np.float16)


def styled(random: np.random.Generator, plain: Fingerprint) -> Fingerprint:
    embeddings = {**plain.embeddings, "clip": unit(random, CLIP), "vae": unit(random, VAE)}
    return replace(plain, spec=SPEC.digest, embeddings=embeddings)


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_of(database, SPEC)


def registered(stores: Stores, uses: Sequence[tuple[AllowedUse, ...]]) -> list[NewWork]:
    random = np.random.default_rng(5)
    artist = stores.corpus.ensure_artists(["Ada"])["Ada"]
    works = [new_work(random, str(number), artist) for number in range(len(uses))]
    works = [replace(work, fingerprint=styled(random, work.fingerprint)) for work in works]
    drafts = [registration_of(work, allowed) for work, allowed in zip(works, uses, strict=True)]
    stores.entries.append(drafts, stores.corpus.writer(works))
    return works


def asked(seed: int, **embeddings: Vector) -> Fingerprint:
    random = np.random.default_rng(seed)
    plain = new_work(random, "asked", "nobody").fingerprint
    fingerprint = styled(random, plain)
    return replace(fingerprint, embeddings={**fingerprint.embeddings, **embeddings})


def nearest(works: Sequence[NewWork], name: str, vector: Vector) -> list[str]:
    cosine = [float(work.fingerprint.embeddings[name].astype(np.float64) @ vector) for work in works]
    return [works[place].work_id for place in np.argsort(-np.array(cosine), kind="stable")]


@pytest.mark.parametrize("indexed", [False, True])
def test_the_nearest_in_style_are_offered_among_those_that_allow_it(
    database: Database, stores: Stores, *, indexed: bool
) -> None:
    works = registered(stores, [OPEN if number % 3 else CLOSED for number in range(240)])
    if indexed:
        assert ensure_indexes(database, SPEC.digest, at_least=10)
    index = PgVectorIndex(database, stores.projector, SPEC)
    fingerprint = asked(7)
    found = {each.work_id: each for each in index.search(query_of(fingerprint), limit=1)}
    allowed = [work for number, work in enumerate(works) if number % 3]
    for name in ("clip", "vae"):
        wanted = nearest(allowed, name, fingerprint.embeddings[name])[:WORKS_PER_STYLE]
        assert len(set(wanted) & set(found)) >= (WORKS_PER_STYLE if not indexed else WORKS_PER_STYLE - 3)
    by_id = {work.work_id: work for work in works}
    for work_id, each in found.items():
        stored = by_id[work_id].fingerprint
        assert {name: vector.tobytes() for name, vector in each.fingerprint.embeddings.items()} == {
            name: vector.tobytes() for name, vector in stored.embeddings.items()
        }
    closed = {work.work_id for number, work in enumerate(works) if not number % 3}
    assert len(closed & found.keys()) <= 3, "by hashes and the copy descriptor alone"
    assert all(each.allows_style is (work_id not in closed) for work_id, each in found.items())


def test_a_filter_holds_for_style_too(database: Database, stores: Stores) -> None:
    registered(stores, [OPEN] * 40)
    index = PgVectorIndex(database, stores.projector, SPEC)
    assert index.search(query_of(asked(8)), limit=5)
    assert not index.search(query_of(asked(8)), limit=5, only=WorkFilter(licences=["CC-BY-4.0"]))


def test_queries_without_style_and_pictures_that_say_too_little(database: Database, stores: Stores) -> None:
    registered(stores, [OPEN] * 60)
    index = PgVectorIndex(database, stores.projector, SPEC)
    fingerprint = asked(9)
    plain = replace(fingerprint, embeddings={"copy": fingerprint.embeddings["copy"]})
    assert len(index.search(query_of(plain), limit=2)) <= 6
    assert not index.search(replace(query_of(fingerprint), not_comparable="blank"), limit=2)


def test_blocks_of_style_have_the_works_that_allow_it(database: Database, stores: Stores) -> None:
    works = registered(stores, [OPEN if number % 2 else CLOSED for number in range(30)])
    blocks = list(stores.corpus.iter_style_blocks(block=4))
    assert [len(block) for block in blocks] == [4, 4, 4, 3]
    assert {row.tobytes() for block in blocks for row in block.clip} == {
        work.fingerprint.embeddings["clip"].tobytes() for work in works[1::2]
    }
    assert blocks[0].vae.shape == (4, VAE)
    assert blocks[0].vae.dtype == np.float16


def test_a_spec_without_style_stores_none(database: Database) -> None:
    stores = stores_of(database)
    random = np.random.default_rng(5)
    work = new_work(random, "0", stores.corpus.ensure_artists(["Ada"])["Ada"])
    stores.entries.append([registration_of(work)], stores.corpus.writer([work]))
    assert not list(stores.corpus.iter_style_blocks())
    with database.begin() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM work_style")).scalar_one() == 0
    (found,) = PgVectorIndex(database, stores.projector, SmallSpec("small")).candidates([work.work_id])
    assert found.fingerprint.embeddings.keys() == {"copy"}
    assert not found.allows_style
