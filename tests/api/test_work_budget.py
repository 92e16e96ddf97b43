"""Callers without a token pay in seconds of work: what a job took, not how often they asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.http.work_budget import ESTIMATE, MINIMUM, Debts, WorkBudget
from ledger.app import Application
from ledger.errors import InputError, PushbackError
from ledger.flows.pictures.verify import Verifying
from tests.applications import ART, DRAWINGS, application_with
from tests.conftest import DatabaseUrl
from tests.generate.tiny import save_tiny_sd

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


def test_all_anonymous_callers_share_one_budget() -> None:
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


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    folder = save_tiny_sd(tmp_path_factory.mktemp("tiny") / "sd")
    data = tmp_path_factory.mktemp("budget") / "data"
    with application_with(
        database_server, template, data, [ART], generator=str(folder), work_per_address="5/hour", generation_steps=6
    ) as opened:
        yield opened


def test_who_has_no_budget_is_turned_away_before_the_picture_is_read(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One picture that takes ten seconds uses up what a hundred requests would not."""
    clock = Clock()
    app = create_app(application)
    app.state.context.work_budget._debts[0].clock = clock
    examine = Verifying.examine
    monkeypatch.setattr("api.http.workers.time", clock_of(clock))

    def slow(self: Verifying, *arguments: Any, **named: Any) -> Any:
        clock.now += 10
        return examine(self, *arguments, **named)

    monkeypatch.setattr(Verifying, "examine", slow)

    def asked(address: str, image: bytes, **headers: str) -> Any:
        client = TestClient(app, raise_server_exceptions=False, client=(address, 50_000))
        return client.post("/v1/lookups", files={"image": image}, headers=headers)

    picture = DRAWINGS[0].read_bytes()
    assert asked(FIRST, picture).status_code == 200
    refused = asked(FIRST, b"not even a picture")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
    assert int(refused.headers["retry-after"]) == pytest.approx((10 + ESTIMATE - 5) * 720, abs=15)
    assert asked(SECOND, b"no picture").status_code == 422
    account = application.people.accounts.create("artist", "Ada").account_id
    token = application.people.accounts.issue_token(account, ["verifications"]).secret
    assert asked(FIRST, picture, authorization=f"Bearer {token}").status_code == 200
    clock.now += float(refused.headers["retry-after"])
    assert asked(FIRST, b"no picture").status_code == 422


def clock_of(clock: Clock) -> Any:
    """A module `time` whose seconds are the clock's."""

    class Time:
        monotonic = staticmethod(clock)

    return Time


def test_anonymous_callers_may_ask_for_so_many_steps(application: Application) -> None:
    app = create_app(application)
    before = application.store.entries.head().size

    def asked(address: str, steps: int, count: int, **headers: str) -> Any:
        client = TestClient(app, raise_server_exceptions=False, client=(address, 50_000))
        body = {"prompt": "a red car", "steps": steps, "count": count}
        return client.post("/v1/generations", json=body, headers=headers)

    for steps, count in ((7, 1), (2, 4), (1, 7)):
        refused = asked(FIRST, steps, count)
        assert (refused.status_code, refused.json()["code"]) == (403, "too-many-steps"), refused.text
        assert "6" in refused.json()["detail"]
    assert application.store.entries.head().size == before
    assert asked(FIRST, 3, 2).status_code == 201
    account = application.people.accounts.create("generator", "Studio").account_id
    token = application.people.accounts.issue_token(account, ["generations"]).secret
    assert asked(FIRST, 7, 1, authorization=f"Bearer {token}").status_code == 201
