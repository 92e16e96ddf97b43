"""Who sent a request, as far as fairness goes: which requests share a limit with it, and which lane it takes."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request


@dataclass(frozen=True, slots=True)
class Asker:
    """`caller_of` (api/http/access.py) finds it out before anything else is done for a request."""

    key: str
    """What the requests of one asker have in common: an address (`api.http.limits.address_key`)."""
    privileged: bool
    """Not anonymous: has a token that allows the operation, or is the machine's owner."""


_NOBODY = Asker("unknown", privileged=False)


def asker_of(request: Request) -> Asker:
    asker = getattr(request.state, "asker", _NOBODY)
    assert isinstance(asker, Asker)  # noqa: S101 - put there by caller_of
    return asker
