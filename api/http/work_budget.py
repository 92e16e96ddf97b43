"""What callers without a token may cost: seconds of work, per address and in all, and how many requests at once.

A debt grows by the seconds that a job took and shrinks at a steady rate (a token bucket). It is kept in memory, so each
process of a service counts for itself.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from api.http.limits import parse_limit
from ledger.errors import PushbackError

ESTIMATE = 1.0
"""Seconds that a request is charged when it comes; corrected when its work is done."""
MINIMUM = 0.1
"""Seconds that a request costs at least."""
_ALL = "all"
_HINT = "wait, or ask whoever runs this service for a token: Authorization: Bearer TOKEN"


@dataclass(slots=True)
class Charge:
    """What one request has cost so far, in seconds."""

    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass(slots=True)
class Debts:
    """Seconds that each key owes: at most `amount`, which is paid off in `period` seconds."""

    amount: float
    period: float
    clock: Callable[[], float] = time.monotonic
    _owed: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Key -> (debt, when it was so)."""
    _purge_at: int = 1_024

    def owed(self, key: str) -> float:
        debt, then = self._owed.get(key, (0.0, 0.0))
        return max(0.0, debt - (self.clock() - then) * self.amount / self.period)

    def wait(self, key: str, seconds: float) -> float:
        """Seconds until `key` may have work of so many seconds done; 0 or less: now."""
        return (self.owed(key) + min(seconds, self.amount) - self.amount) * self.period / self.amount

    def charge(self, key: str, seconds: float) -> None:
        """`seconds` is negative where more was charged before than the work cost."""
        self._owed[key] = (max(0.0, self.owed(key) + seconds), self.clock())
        if len(self._owed) > self._purge_at:
            self._owed = {key: owed for key, owed in self._owed.items() if self.owed(key) > 0}
            self._purge_at = 2 * len(self._owed) + 1_024


class WorkBudget:
    """The budget of callers without a token. Not thread-safe: it belongs to the event loop.

    Raises InputError (`settings`) for a limit that is not of the form `30/minute`: seconds of work in a time.
    """

    def __init__(
        self, per_address: str, overall: str, at_once: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = [parse_limit(per_address), parse_limit(overall)]
        self._debts = [Debts(limit.amount, limit.get_expiry(), clock) for limit in self._limits]
        self._at_once = at_once
        self._working: Counter[str] = Counter()

    @contextmanager
    def request(self, key: str) -> Iterator[Charge]:
        """A request of an address, from before its body is read until it is answered.

        Raises PushbackError (`rate-limited`), with the seconds until there is budget again.
        """
        if self._working[key] >= self._at_once:
            raise PushbackError(
                f"{self._at_once} requests from this address are being worked on", code="rate-limited", hint=_HINT
            )
        keys = (key, _ALL)
        wait, limit, whose = max(
            (debts.wait(each, ESTIMATE), str(limit), whose)
            for debts, each, limit, whose in zip(
                self._debts, keys, self._limits, ("from one address", "in all"), strict=True
            )
        )
        if wait > 0:
            raise PushbackError(
                f"more work than {limit} {whose}, in seconds", code="rate-limited", hint=_HINT, retry_after=wait
            )
        charge = Charge()
        self._working[key] += 1
        self._charge(keys, ESTIMATE)
        try:
            yield charge
        finally:
            self._charge(keys, max(charge.seconds, MINIMUM) - ESTIMATE)
            self._working[key] -= 1
            if not self._working[key]:
                del self._working[key]

    def _charge(self, keys: tuple[str, str], seconds: float) -> None:
        for debts, key in zip(self._debts, keys, strict=True):
            debts.charge(key, seconds)
