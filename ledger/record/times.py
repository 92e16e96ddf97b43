"""Times: RFC 3339 in UTC with milliseconds and `Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from ledger.errors import InputError

TIME_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z$"
_TIME = re.compile(TIME_PATTERN[1:-1])
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def format_time(moment: datetime) -> str:
    """`2026-01-31T23:59:59.999Z`, truncated to milliseconds. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def now_text() -> str:
    """The current time."""
    return format_time(datetime.now(UTC))


def parse_time(text: str) -> datetime:
    """The time, in UTC. Raises InputError (`bad-time`) for any other notation, and for leap seconds."""
    try:
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise InputError(
        f"{text[:60]!r} is not a time; write it as 2026-01-31T23:59:59.999Z",
        code="bad-time",
        hint="UTC, milliseconds, Z",
    )


def shown_time(text: str) -> str:
    """Formats a record's time for people, to the second: `2026-01-31 23:59:59 UTC`."""
    return f"{text[:10]} {text[11:19]} UTC"


def day(text: str) -> str:
    """The day of a record's time, in UTC: `31 January 2026`."""
    year, month, date = text[:10].split("-")
    return f"{int(date)} {_MONTHS[int(month) - 1]} {year}"
