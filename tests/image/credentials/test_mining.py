"""What delivered pictures say of data mining: nothing by default; else the same in XMP and in the manifest, and our own
registration reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from ledger.corpus.file_terms.narrowing import file_terms_of
from ledger.corpus.file_terms.vocabulary import DATA_MINING, TRAINING_MINING
from ledger.image.credentials.mining import LABEL, DataMining, mining_assertion
from ledger.image.credentials.read import read_credentials
from ledger.image.credentials.write import with_credentials
from ledger.image.pool import DecodePool
from tests.image.credentials.samples import ASSERTION, MEDIA_TYPES, PIXELS, our_roots, signed, signer

VALUES: tuple[DataMining, ...] = get_args(DataMining)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(workers=1) as running:
        yield running


def test_by_default_nothing_is_said(pool: DecodePool) -> None:
    data = signed("image/png")
    assert file_terms_of(pool, data) == ()
    assert b"DataMining" not in data
    assert LABEL.encode() not in data


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("value", VALUES)
def test_both_vocabularies_say_the_same(pool: DecodePool, media_type: str, value: DataMining) -> None:
    made = with_credentials(PIXELS, media_type, ASSERTION, signer(), value)
    found = read_credentials(pool, made.data, media_type, our_roots)
    assert found is not None
    assert (found.state, found.assertion) == ("valid", ASSERTION)
    terms = file_terms_of(pool, made.data)
    in_xmp = {use for each in terms if each.vocabulary == DATA_MINING.name for use in each.forbids}
    in_manifest = {use for each in terms if each.vocabulary == TRAINING_MINING.name for use in each.forbids}
    assert in_xmp == set(DATA_MINING.forbids[value])
    assert in_manifest >= in_xmp
    assert (in_manifest == set()) is (value == "DMI-ALLOWED")


def test_every_value_is_one_of_the_vocabulary() -> None:
    assert set(VALUES) <= set(DATA_MINING.forbids)
    for value in VALUES:
        entries = mining_assertion(value)["data"]["entries"]
        assert {entry.removeprefix("cawg.") for entry in entries} == set(TRAINING_MINING.forbids)
        assert all(("constraint_info" in each) is (each["use"] == "constrained") for each in entries.values())
