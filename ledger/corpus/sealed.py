"""Which OpenClipart works are sealed: kept apart for the final measurement, never trained, tuned or calibrated on."""

from __future__ import annotations

import hashlib


def is_sealed(name: str) -> bool:
    """True when the work of that name (its path without suffix, `/` between folders) is sealed: about half of them are.

    Sealed means that the SHA-256 of the name begins with a hex digit below 8.
    """
    return hashlib.sha256(name.encode()).hexdigest()[0] < "8"
