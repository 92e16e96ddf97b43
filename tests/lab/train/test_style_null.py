"""The unrelated pictures for style are those of the null set, edited alike. Anybody may bring the models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ledger.errors import ConflictError
from ledger.fingerprint.clip_encoder import load_clip_encoder
from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.spec import copy_spec, spec_with
from ledger.fingerprint.style_config import STATISTICS
from ledger.fingerprint.style_models import StyleModels
from ledger.fingerprint.vae_encoder import load_vae_encoder
from ledger.image.pool import DecodePool
from ledger.lab.train.null_set_pictures import NullSetPicture, measure
from ledger.lab.train.pictures import SourcePicture
from ledger.lab.train.roles import Role
from ledger.lab.train.style_null import Embedded, embed, pooled_statistics, style_null
from ledger.lab.train.style_null_card import style_null_card
from ledger.match.null_set import NullSet, SourcePrints, shipped_null_set
from ledger.match.score import QueryBlock
from ledger.match.style.null import read_style_null
from tests.fingerprint.models import save_style_models
from tests.match.drawings import drawing

PICTURES = 90
SEED = 3


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(1) as pool:
        yield pool


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> StyleModels:
    return save_style_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def pictures() -> list[SourcePicture]:
    names = [f"{number}.svg" for number in range(PICTURES)]
    return [SourcePicture("openmoji", name, name, drawing(int(name[:-4]), 200), ()) for name in names]


@pytest.fixture(scope="module")
def measured(pictures: list[SourcePicture], pool: DecodePool) -> list[NullSetPicture]:
    return list(measure(pictures, pool, Fingerprinter([load_copy_encoder()], copy_spec()), seed=SEED))


@pytest.fixture(scope="module")
def null_set(measured: Sequence[NullSetPicture]) -> NullSet:
    """As `assemble` makes it, of these pictures, every third left out as if it were a variant."""
    null = [item for item in measured if item.role is Role.NULL]
    null = [item for number, item in enumerate(null) if number % 3]
    shipped = shipped_null_set()
    queries = QueryBlock.stack([item.query for item in null])
    clean = QueryBlock.stack([replace(item.query, image=item.clean) for item in null]).images
    sources = SourcePrints(clean.copy, clean.phash, clean.pdq, clean.pdq_quality)
    return replace(shipped, queries=queries, sources=sources, starts=np.arange(len(queries)))


@pytest.fixture(scope="module")
def embedded(pictures: list[SourcePicture], pool: DecodePool, null_set: NullSet, models: StyleModels) -> list[Embedded]:
    return list(embed(pictures, pool, null_set, load_clip_encoder(models), load_vae_encoder(models), seed=SEED))


def test_the_null_sets_pictures_are_found_again_with_their_edits(
    measured: Sequence[NullSetPicture], null_set: NullSet, embedded: Sequence[Embedded], models: StyleModels
) -> None:
    assert sorted(each.row for each in embedded if each.row is not None) == list(range(len(null_set)))
    assert sum(each.row is None for each in embedded) == sum(item.role is Role.BACKGROUND for item in measured)
    null = [item for number, item in enumerate(i for i in measured if i.role is Role.NULL) if number % 3]
    assert any(item.edited for item in null)
    expected = load_clip_encoder(models).encode([item.working for item in null])
    for each in embedded:
        if each.row is not None:
            assert (each.clip == expected[each.row]).all(), "the query's picture, not the clean one"


def test_what_is_written_is_what_encoders_then_make(
    measured: Sequence[NullSetPicture],
    null_set: NullSet,
    embedded: Sequence[Embedded],
    models: StyleModels,
    tmp_path: Path,
) -> None:
    statistics = pooled_statistics(embedded)
    part = "1" * 64
    made = read_style_null(style_null(embedded, statistics, part, null_set))
    assert (made.spec, made.null_set, len(made)) == (part, null_set.digest, len(null_set))
    (models.vae / STATISTICS).write_bytes(statistics.to_bytes())
    try:
        encoder = load_vae_encoder(models)
        assert spec_with(models).style_part is not None
    finally:
        (models.vae / STATISTICS).unlink()
    null = [item for number, item in enumerate(i for i in measured if i.role is Role.NULL) if number % 3]
    assert (encoder.encode([item.working for item in null]) == made.pictures.vae).all()
    background = made.measure.background
    assert np.abs(background.vae.astype(np.float32).mean(axis=0)).max() < 0.1, "what is usual is taken away"
    alone = [replace(made.measure, vae_weight=0.0), replace(made.measure, clip_weight=0.0)]
    near = [each.nearness(made.pictures, each.levels(made.pictures), made.pictures) for each in alone]
    apart = ~np.eye(len(made), dtype=bool)
    assert near[0].score[apart].std() == pytest.approx(near[1].score[apart].std(), rel=1e-3)
    card = style_null_card(made, null_set)
    assert made.digest in card
    assert f"of {len(made)} pictures" in card.replace("\n", " ")


def test_too_few_pictures_say_what_is_missing(embedded: Sequence[Embedded], null_set: NullSet) -> None:
    only = [each for each in embedded if each.row is not None]
    with pytest.raises(ConflictError) as refused:
        pooled_statistics(only)
    assert refused.value.code == "background-too-small"
    background = [each for each in embedded if each.row is None] * 10
    with pytest.raises(ConflictError) as refused:
        style_null(background, pooled_statistics(background), "1" * 64, null_set)
    assert refused.value.code == "no-strangers"
