"""Work on pictures is bounded: what does not fit is pushed back at once, and places come free again."""

from __future__ import annotations

import asyncio
import threading

import pytest

from api.workers import Workers
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
