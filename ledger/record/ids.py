"""Ids: lowercase UUIDv7 strings (RFC 9562 section 5.7)."""

from __future__ import annotations

import re
import secrets
import threading
import time

from ledger.errors import InputError

ID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
_ID = re.compile(ID_PATTERN[1:-1])
_RANDOM_BITS = 74


class _Generator:
    """Makes growing ids within a process (RFC 9562 section 6.2, method 2): within a millisecond, or when the clock
    steps back, the random part of the last id grows by a random amount."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._milliseconds = 0
        self._random = 0

    def next(self) -> tuple[int, int]:
        """Milliseconds since 1970 and 74 random bits; each pair is larger than the one before."""
        with self._lock:
            now = time.time_ns() // 1_000_000
            if now > self._milliseconds:
                self._milliseconds, self._random = now, secrets.randbits(_RANDOM_BITS)
            else:
                self._random += 1 + secrets.randbits(32)
                if self._random >> _RANDOM_BITS:
                    self._milliseconds, self._random = self._milliseconds + 1, secrets.randbits(_RANDOM_BITS - 1)
            return self._milliseconds, self._random


_generator = _Generator()


def new_id() -> str:
    """A new id, greater than every id that this process made before."""
    milliseconds, random = _generator.next()
    value = milliseconds << 80 | 0x7 << 76 | random >> 62 << 64 | 0b10 << 62 | random & (1 << 62) - 1
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def parse_id(text: str) -> str:
    """`text` itself if it is an id. Raises InputError (`bad-id`), also for upper case, braces and other versions."""
    if not _ID.fullmatch(text):
        raise InputError(
            f"{text[:60]!r} is not a valid id",
            code="bad-id",
            hint="Ids are lowercase UUIDs of version 7, as records show them.",
        )
    return text
