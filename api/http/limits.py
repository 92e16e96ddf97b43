"""How often work may be asked for: without an account per address and in all, by accounts each for itself (the
package `limits`, moving windows in memory).

Each process of a service counts for itself.
"""

from __future__ import annotations

import time
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from ledger.errors import InputError, PushbackError

IPV6_PREFIX = 64
"""Bits of an IPv6 address that belong to one customer: the others are free to choose."""


class RateLimits:
    """Raises InputError (`settings`) for a limit that is not of the form `30/minute`."""

    def __init__(self, per_address: str, overall: str, per_account: str, pictures_per_account: str) -> None:
        self._per_address = parse_limit(per_address)
        self._overall = parse_limit(overall)
        self._per_account = parse_limit(per_account)
        self._pictures_per_account = parse_limit(pictures_per_account)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def take(self, address: str | None) -> None:
        """Counts one request. Raises PushbackError (`rate-limited`) where there were too many; that one counts not."""
        hint = "wait, or ask whoever runs this service for a token: Authorization: Bearer TOKEN"
        counted = (
            (self._per_address, f"address {address_key(address)}", "from one address"),
            (self._overall, "all", "in all"),
        )
        for limit, key, whose in counted:
            if not self._limiter.test(limit, key):
                raise self._refused(limit, key, whose, hint)
        for limit, key, whose in counted:
            if not self._limiter.hit(limit, key):
                raise self._refused(limit, key, whose, hint)

    def take_account(self, account_id: str, *, pictures: bool) -> None:
        """Counts one request of an account, from wherever it comes; work on `pictures` by itself. Raises as `take`."""
        limit = self._pictures_per_account if pictures else self._per_account
        key = f"{'pictures' if pictures else 'account'} {account_id}"
        if not self._limiter.hit(limit, key):
            raise self._refused(limit, key, "by one account", "wait: nothing was recorded")

    def _refused(self, limit: RateLimitItem, key: str, whose: str, hint: str) -> PushbackError:
        return PushbackError(
            f"more than {limit} {whose}",
            code="rate-limited",
            hint=hint,
            retry_after=max(1.0, self._limiter.get_window_stats(limit, key).reset_time - time.time()),
        )


def address_key(address: str | None) -> str:
    """What requests of one asker have in common: an IPv4 address, or an IPv6 address's first 64 bits."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or IPv6Address(int(parsed) >> IPV6_PREFIX << IPV6_PREFIX)
    return str(parsed)


def parse_limit(text: str) -> RateLimitItem:
    """Raises InputError (`settings`)."""
    try:
        return parse(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a limit", code="settings", hint="For example: 30/minute") from error
