"""The pool: limits that hold, workers that die, errors that name the cause, order, recovery."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
import pytest

from ledger.errors import InputError, PushbackError
from ledger.image.canonical_image import CanonicalImage, DecodeLimits
from ledger.image.pool import IN_FLIGHT_PER_WORKER, DecodePool
from tests.image.samples import png_of_size, save, slow_svg, textured

GOOD = save(textured(300, 200), "PNG")


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(workers=2) as running:
        yield running


def code_of(pool: DecodePool, data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        pool.decode(data)
    return caught.value.code


def test_decodes(pool: DecodePool) -> None:
    image = pool.decode(GOOD)
    assert (image.media_type, image.width, image.height) == ("image/png", 300, 200)
    assert image.working.shape == (200, 300, 3)
    assert (image.working == np.asarray(textured(300, 200))).all()


def test_errors_come_through_whole(pool: DecodePool) -> None:
    with pytest.raises(InputError, match="zero bytes") as caught:
        pool.decode(b"")
    assert (caught.value.code, bool(caught.value.hint)) == ("empty-file", True)


def test_decode_all_keeps_order_and_reports_each_error(pool: DecodePool) -> None:
    def unreadable() -> bytes:
        raise InputError("the file is gone", code="unreadable")

    files: list[tuple[int, bytes]] = [(n, GOOD if n % 3 else b"text") for n in range(30)]
    outcomes = list(pool.decode_all([*files, (30, unreadable), (31, lambda: GOOD)]))
    assert [key for key, _ in outcomes] == list(range(32))
    for key, outcome in outcomes[:30]:
        assert isinstance(outcome, CanonicalImage if key % 3 else InputError)
    last = outcomes[30][1]
    assert isinstance(last, InputError)
    assert last.code == "unreadable"
    assert isinstance(outcomes[31][1], CanonicalImage)


def test_decode_all_draws_no_further_than_it_must(pool: DecodePool) -> None:
    drawn = 0

    def files() -> Iterator[tuple[int, bytes]]:
        nonlocal drawn
        for drawn in range(1, 1001):
            yield drawn, GOOD

    results = pool.decode_all(files())
    next(results)
    assert drawn <= IN_FLIGHT_PER_WORKER * pool.workers
    results.close()  # type: ignore[attr-defined]
    assert drawn <= IN_FLIGHT_PER_WORKER * pool.workers


def test_memory_limit() -> None:
    with DecodePool(workers=1, limits=DecodeLimits(memory=32 * 2**20)) as small:
        assert code_of(small, png_of_size(4000, 4000)) == "decode-memory"
        assert small.decode(GOOD).width == 300


def test_forty_megapixels_fit_half_a_gigabyte() -> None:
    with DecodePool(workers=1, limits=DecodeLimits(memory=512 * 2**20)) as limited:
        assert limited.decode(png_of_size(8000, 5000, complete=True)).working.min() == 255


def test_time_limit() -> None:
    with DecodePool(workers=1, limits=DecodeLimits(seconds=0.3)) as hasty:
        hasty.decode(GOOD)
        with pytest.raises(InputError) as caught:
            hasty.rasterise(slow_svg())
        assert caught.value.code == "decode-timeout"
        assert hasty.decode(GOOD).width == 300


def test_bomb_is_refused_and_the_worker_lives(pool: DecodePool) -> None:
    assert code_of(pool, png_of_size(50_000, 50_000)) == "too-many-pixels"
    assert pool.decode(GOOD).width == 300


def test_a_file_over_the_byte_limit_never_reaches_a_worker() -> None:
    with DecodePool(workers=1, limits=DecodeLimits(max_bytes=10)) as strict:
        assert code_of(strict, GOOD) == "too-large"


def children() -> set[int]:
    """Processes of the fork server of this process: the workers."""
    workers = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = parent_of(int(status.parent.name))
            grandparent = parent_of(parent)
        except (OSError, ValueError, IndexError):
            continue
        if grandparent == os.getpid() and b"forkserver" in Path(f"/proc/{parent}/cmdline").read_bytes():
            workers.add(int(status.parent.name))
    return workers


@pytest.mark.needs("proc")
def test_killed_worker_costs_at_most_its_own_picture() -> None:
    before = children()
    with DecodePool(workers=1) as fragile:
        fragile.decode(GOOD)
        (worker,) = children() - before
        start = cpu_seconds(worker)
        with ThreadPoolExecutor(1) as caller:
            future = caller.submit(fragile.rasterise, slow_svg())
            while not future.done() and cpu_seconds(worker) < start + 0.1:
                wait([future], timeout=0.01)
            os.kill(worker, signal.SIGKILL)
            error = future.exception()
        assert isinstance(error, InputError)
        assert error.code == "decode-crashed"
        assert fragile.decode(GOOD).width == 300


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.needs("proc")
@pytest.mark.parametrize("who", ["workers", "fork server"])
def test_what_dies_while_idle_is_replaced(who: str) -> None:
    """The system kills processes when it is short of memory."""
    before = children()
    with DecodePool(workers=2) as running:
        assert running.decode(GOOD).width == 300
        workers = children() - before
        victims = workers if who == "workers" else {parent_of(each) for each in workers}
        assert victims
        for each in victims:
            os.kill(each, signal.SIGKILL)
        with contextlib.suppress(InputError):
            running.decode(GOOD)  # a worker may be on its way out, and takes this one with it
        with ThreadPoolExecutor(4) as callers:
            assert [image.width for image in callers.map(running.decode, [GOOD] * 8)] == [300] * 8
        assert code_of(running, b"text") == "not-an-image"


def test_a_closed_pool_says_nothing_about_the_file() -> None:
    with DecodePool(workers=1) as running:
        running.decode(GOOD)
    with pytest.raises(PushbackError) as caught:
        running.decode(GOOD)
    assert caught.value.code == "closed"


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
