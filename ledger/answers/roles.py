"""The roles of accounts, apart from the shapes of answers: the command line starts without loading those."""

from __future__ import annotations

from typing import Literal

AccountRole = Literal["artist", "generator", "auditor", "administrator"]
