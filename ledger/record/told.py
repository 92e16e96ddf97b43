"""Why an account is told of a record."""

from __future__ import annotations

from typing import Literal

NoticeReason = Literal["use", "claim", "contest", "response", "verdict", "resolution", "finding", "own-name"]
