"""Sealed OpenClipart works are reserved for the final measurement, and never used to train, tune or calibrate."""

from __future__ import annotations

import hashlib


def is_sealed(name: str) -> bool:
    """Whether the work with this name (its path without suffix, `/` between folders) is sealed. About half are.

    A work is sealed if the SHA-256 of its name begins with a hex digit below 8.
    """
    return hashlib.sha256(name.encode()).hexdigest()[0] < "8"
