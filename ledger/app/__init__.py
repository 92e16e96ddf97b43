"""The only place that reads settings and connects adapters to protocols.

An application consists of groups (`app.pictures`, `app.works`, `app.claims`, ...). Each group, and each part of it, is
made on first use: `artledger lookup RECORD_ID` loads no model, `artledger --help` loads nothing.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from ledger.app.application import Application
from ledger.errors import InputError
from ledger.settings import Settings

__all__ = ["Application", "open_application"]


def open_application(**overrides: Any) -> Application:
    """An application with the settings from the environment; `overrides`, by field name, win. Raises InputError
    (`settings`)."""
    try:
        return Application(Settings(**{name: value for name, value in overrides.items() if value is not None}))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "ARTLEDGER_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InputError(f"setting {name}: {first['msg']}", code="settings") from error
