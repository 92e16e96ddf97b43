"""Statements of use: which records count, under what, and that one content has one file."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import canonical
from ledger.errors import VerificationError
from ledger.match.lists import Relation
from ledger.record.parts import UsageCount
from ledger.record.predicates import Period
from ledger.record.usage import EVERYTHING, UsageStatement, UsageTally, UseFilter, parse_statement, use_in
from tests.record.compared import ADA, ADAS_JANUARY, BEN, COPY, JANUARY, NEAREST, RECORDS, STYLE, january_of, verified
from tests.record.samples import key_record, uid

PERIOD = Period(end=JANUARY[1], start=JANUARY[0])


def statement() -> UsageStatement:
    return january_of(ADA)


def test_a_record_counts_once_by_the_nearest_work() -> None:
    use = use_in(RECORDS[1], ADA)
    assert use is not None
    assert (use.match.rank, use.works, use.share, use.counted) == (1, 2, "0.900000", True)
    assert (use.generator_id, use.origin_of_image, use.guard) == (uid(71), "service", "allow")
    beyond = use_in(RECORDS[5], ADA)
    assert beyond is not None
    assert (beyond.match.relation, beyond.share, beyond.counted) == (NEAREST, "0", False)
    assert use_in(RECORDS[6], ADA) is None
    assert use_in(key_record(), ADA) is None


def test_a_work_at_alpha_comes_before_a_better_ranked_one_beyond_it() -> None:
    record = verified(1, [(ADA, NEAREST, "0.0101", "0.500000"), (ADA, COPY, "0.0100", "0.500000")])
    use = use_in(record, ADA)
    assert use is not None
    assert (use.match.relation, use.counted) == (COPY, True)


def test_filters_choose_among_the_works() -> None:
    second = use_in(RECORDS[1], ADA, UseFilter(work_id=uid(202)))
    assert second is not None
    assert (second.match.rank, second.works) == (2, 1)
    assert use_in(RECORDS[1], ADA, UseFilter(work_id=uid(203))) is None, "that is Ben's"
    assert use_in(RECORDS[0], ADA, UseFilter(relation="near-duplicate")) is None
    assert use_in(RECORDS[0], ADA, UseFilter(max_p=0.0089)) is None
    assert use_in(RECORDS[0], ADA, UseFilter(max_p=0.009)) == use_in(RECORDS[0], ADA, EVERYTHING)


def test_counts_and_shares_of_a_period() -> None:
    rows = statement().counts
    told = [(row.count, row.generator_id, row.origin_of_image, row.guard, row.relation, row.share) for row in rows]
    assert told == ADAS_JANUARY
    assert statement().record_counts() == (
        UsageCount(count=1, generator_id=None, relation=STYLE),
        UsageCount(count=4, generator_id=uid(71), relation=COPY),
        UsageCount(count=1, generator_id=uid(72), relation=COPY),
    )


def test_the_order_of_records_changes_nothing() -> None:
    tally = UsageTally(ADA, PERIOD)
    assert [tally.add(record) for record in reversed(RECORDS)].count(True) == 6
    assert tally.statement("localhost/artledger/test", 10).to_bytes() == statement().to_bytes()


def test_the_file_is_canonical_and_comes_back() -> None:
    data = statement().to_bytes()
    assert canonical.loads(data)["meaning"] == "counts, not debts"
    assert parse_statement(data) == statement()
    assert parse_statement(data).sha256 == statement().sha256


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"leaf_range": {"end": 10, "start": 1}}, "usage-schema"),
        ({"period": {"end": JANUARY[0], "start": JANUARY[1]}}, "usage-schema"),
        ({"meaning": "debts"}, "usage-schema"),
        ({"more": 1}, "usage-schema"),
        ({"artist_id": "Ada"}, "usage-schema"),
        ({"counts": [{"count": 1.5}]}, "not-canonical"),
    ],
)
def test_another_content_is_refused(change: dict[str, object], code: str) -> None:
    content = json.loads(statement().to_bytes()) | change
    with pytest.raises(VerificationError) as refused:
        parse_statement(canonical.dumps(content))
    assert refused.value.code == code


def test_another_encoding_is_refused() -> None:
    with pytest.raises(VerificationError) as refused:
        parse_statement(json.dumps(json.loads(statement().to_bytes())).encode())
    assert refused.value.code == "not-canonical"


@given(st.lists(st.decimals(0, 1, places=6), max_size=30))
def test_shares_add_up_exactly(shares: list[Decimal]) -> None:
    tally = UsageTally(ADA, PERIOD)
    for number, share in enumerate(shares):
        near = [(ADA, Relation.EXACT, "0.0010", f"{share:.6f}"), (BEN, NEAREST, "0.5", "0.010000")]
        tally.add(verified(number, near))
    stated = tally.statement("log", 0).counts
    assert [(row.count, Decimal(row.share)) for row in stated] == ([(len(shares), sum(shares))] if shares else [])
