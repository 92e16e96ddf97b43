"""Where claims stand, as they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Standing = Literal["open", "stands", "decided", "contested", "overturned"]
"""`open`: nobody decided it, and there is time. `stands`: the time has passed, and the verdict of the rules stands.
`decided`: by an auditor. `contested`: another artist registered the same. `overturned`: an auditor decided otherwise
than the rules, or than an auditor before."""


@dataclass(frozen=True, slots=True)
class ClaimsWanted:
    """Which claims are listed; without any value, all."""

    claimant_id: str | None = None
    about: str | None = None
    """An account whose works or pictures the claim is about, or that answered it."""
    work_id: str | None = None
    """A work that the claim names."""
    sha256: str | None = None
    """Of the picture's file."""
    standing: Standing | None = None


EVERY_CLAIM = ClaimsWanted()
