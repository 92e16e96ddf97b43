from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.record.ids import new_id, parse_id
from ledger.record.times import format_time, now_text, parse_time


def test_ids_are_version_7_of_now_and_monotonic() -> None:
    before = time.time_ns() // 1_000_000
    ids = [new_id() for _ in range(5000)]
    assert ids == sorted(set(ids))
    for text in (ids[0], ids[-1]):
        value = uuid.UUID(text)
        assert (value.version, value.variant, str(value)) == (7, uuid.RFC_4122, text)
        assert before <= value.int >> 80
        assert parse_id(text) == text


def test_ids_differ_between_threads() -> None:
    made: list[str] = []

    def make() -> None:
        made.extend([new_id() for _ in range(2000)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


def test_ids_grow_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000_000_000_000)
    assert first < new_id() < new_id()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "019C0000-0000-7000-8000-000000000000",
        "019c0000-0000-4000-8000-000000000000",
        "019c0000-0000-7000-7000-000000000000",
        "019c00000000700080000000000000000000",
        "{019c0000-0000-7000-8000-000000000000}",
        "019c0000-0000-7000-8000-000000000000\n",
        "019c0000-0000-7000-8000-00000000000\u0660",
    ],
)
def test_other_ids_are_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_id(text)
    assert caught.value.code == "bad-id"


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)), st.integers(-1000, 1000))  # noqa: DTZ001
def test_times_survive_and_are_utc(moment: datetime, offset: int) -> None:
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=offset)))
    text = format_time(zoned)
    parsed = parse_time(text)
    assert timedelta(0) <= zoned - parsed < timedelta(milliseconds=1)
    assert parsed.tzinfo == UTC
    assert format_time(parsed) == text


def test_now_is_strict() -> None:
    assert format_time(parse_time(now_text())) < "9999"
    with pytest.raises(ValueError, match="zone"):
        format_time(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-31T23:59:59Z",
        "2026-01-31T23:59:59.99Z",
        "2026-01-31T23:59:59.9999Z",
        "2026-01-31T23:59:59.999+00:00",
        "2026-01-31 23:59:59.999Z",
        "2026-01-31t23:59:59.999z",
        "2026-02-30T00:00:00.000Z",
        "2026-01-31T23:59:60.000Z",
        "2026-01-31T24:00:00.000Z",
        "2026-01-31T23:59:59.999Z\n",
        "٢٠٢٦-01-31T23:59:59.999Z",
    ],
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_time(text)
    assert caught.value.code == "bad-time"
