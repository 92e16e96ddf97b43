"""Work on pictures is bounded: what does not fit is pushed back at once, and places come free again."""

from __future__ import annotations

import asyncio
import threading

import pytest

from api.http.workers import Workers
from ledger.cancellation import Cancellation, require_not_cancelled
from ledger.errors import InputError, PushbackError


def test_what_does_not_fit_is_pushed_back_while_the_loop_stays_free() -> None:
    async def scenario() -> None:
        workers = Workers(threads=1, queue=1)
        gate = threading.Event()
        running = [asyncio.ensure_future(workers.run(gate.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(PushbackError) as caught:
            await workers.run(gate.wait)
        assert caught.value.code == "overloaded"
        assert caught.value.retry_after > 0
        gate.set()
        assert await asyncio.gather(*running) == [True, True]
        assert await workers.run(lambda: 7) == 7
        assert workers.admitted == 0
        workers.close()

    asyncio.run(scenario())


def test_errors_reach_the_caller_and_free_the_place() -> None:
    def fail() -> None:
        raise InputError("blank")

    async def scenario() -> None:
        workers = Workers(threads=1, queue=0)
        for _ in range(3):
            with pytest.raises(InputError):
                await workers.run(fail)
        workers.close()
        with pytest.raises(PushbackError) as caught:
            await workers.run(fail)
        assert caught.value.code == "closed"
        assert workers.admitted == 0

    asyncio.run(scenario())


def test_a_caller_that_goes_away_frees_its_place_in_the_queue() -> None:
    async def scenario() -> None:
        workers = Workers(threads=1, queue=1)
        gate = threading.Event()
        first = asyncio.ensure_future(workers.run(gate.wait))
        second = asyncio.ensure_future(workers.run(gate.wait))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert workers.admitted == 1
        gate.set()
        assert await first
        workers.close()

    asyncio.run(scenario())


def test_an_asker_that_leaves_frees_its_place_and_ends_its_job() -> None:
    async def scenario() -> None:
        workers = Workers(threads=1, queue=2)
        gate, begun = threading.Event(), threading.Event()
        done: list[str] = []
        charged: list[float] = []

        def until_cancelled() -> None:
            begun.set()
            while not gate.wait(0.01):
                require_not_cancelled()

        def goes_on() -> None:
            third.cancel()
            done.append("third")

        first, second, third = Cancellation(), Cancellation(), Cancellation()
        running = asyncio.ensure_future(workers.run(until_cancelled, first, stops=True, charge=charged.append))
        waiting = asyncio.ensure_future(workers.run(require_not_cancelled, second))
        whole = asyncio.ensure_future(workers.run(goes_on, third))
        await asyncio.to_thread(begun.wait)
        second.cancel()
        with pytest.raises(PushbackError) as dropped:
            await waiting
        assert workers.admitted == 2
        first.cancel()
        with pytest.raises(PushbackError) as ended:
            await running
        assert (dropped.value.code, ended.value.code) == ("asker-left", "asker-left")
        await whole
        assert done == ["third"], "what does not stop, once begun, goes on to its end"
        assert len(charged) == 1
        assert charged[0] > 0, "who leaves pays for what was done"
        assert workers.admitted == 0
        workers.close()

    asyncio.run(scenario())
