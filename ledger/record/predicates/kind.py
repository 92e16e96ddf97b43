"""The closed list of kinds."""

from __future__ import annotations

from typing import Literal

Kind = Literal[
    "key", "registration", "consent", "withdrawal", "model", "calibration", "verification", "generation", "asset",
    "claim", "verdict", "response", "resolution", "usage", "finding", "domain",
]  # fmt: skip
