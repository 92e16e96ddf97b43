"""Strangers pay in seconds of work: what a job took, not how often they asked."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from api.work_budget import ESTIMATE, MINIMUM, Debts, WorkBudget
from ledger.errors import InputError, PushbackError

FIRST, SECOND, THIRD = "203.0.113.7", "203.0.113.8", "203.0.113.9"


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


def work(budget: WorkBudget, address: str, seconds: float) -> None:
    with budget.request(address) as charge:
        charge.add(seconds)


def refusal(budget: WorkBudget, address: str) -> PushbackError:
    with pytest.raises(PushbackError) as caught, budget.request(address):
        pass
    assert caught.value.code == "rate-limited"
    return caught.value


def test_long_work_costs_more_than_many_short_requests() -> None:
    clock = Clock()
    budget = WorkBudget("10/minute", "1000/minute", 8, clock)
    for _ in range(50):
        work(budget, FIRST, 0.01)
    assert MINIMUM * 50 + ESTIMATE < 10
    work(budget, SECOND, 25.0)
    refused = refusal(budget, SECOND)
    assert refused.retry_after == pytest.approx((25 + ESTIMATE - 10) * 6)
    clock.now += refused.retry_after - 0.1
    refusal(budget, SECOND)
    clock.now += 0.2
    work(budget, SECOND, 0.5)


def test_all_strangers_share_one_budget() -> None:
    clock = Clock()
    budget = WorkBudget("10/minute", "12/minute", 8, clock)
    work(budget, FIRST, 6.0)
    work(budget, SECOND, 6.0)
    assert refusal(budget, THIRD).retry_after == pytest.approx(5 * ESTIMATE)
    clock.now += 5.1
    work(budget, THIRD, 0.1)


def test_what_is_under_way_counts_before_it_is_done() -> None:
    budget = WorkBudget("3/minute", "100/minute", 8, Clock())
    with budget.request(FIRST), budget.request(FIRST), budget.request(FIRST):
        refusal(budget, FIRST)
    work(budget, FIRST, 0)


def test_only_so_many_requests_of_an_address_are_under_way() -> None:
    budget = WorkBudget("100/minute", "100/minute", 2, Clock())
    with budget.request(FIRST), budget.request(FIRST):
        assert "2 requests" in refusal(budget, FIRST).message
        work(budget, SECOND, 0)
    work(budget, FIRST, 0)


def test_a_request_that_fails_is_charged_and_frees_its_place() -> None:
    clock = Clock()
    budget = WorkBudget("10/minute", "100/minute", 1, clock)

    def fail() -> None:
        with budget.request(FIRST) as charge:
            charge.add(9.5)
            raise InputError("no picture")

    with pytest.raises(InputError):
        fail()
    assert refusal(budget, FIRST).retry_after == pytest.approx(0.5 * 6)


def test_addresses_that_owe_nothing_are_forgotten() -> None:
    clock = Clock()
    debts = Debts(10, 60, clock)
    for number in range(10_000):
        debts.charge(f"address {number}", 0.1)
        clock.now += 1
    assert len(debts._owed) < 3_000


@pytest.mark.parametrize("text", ["", "often", "0/minute/x"])
def test_budgets_that_are_none(text: str) -> None:
    with pytest.raises(InputError) as caught:
        WorkBudget("1/minute", text, 1)
    assert caught.value.code == "settings"
