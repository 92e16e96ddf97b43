"""The one place that reads settings and wires adapters to protocols.

An application is composed of groups (`app.pictures`, `app.works`, `app.claims`, ...). Each group, and each part of it,
is made when it is first asked for: `artledger lookup RECORD_ID` loads no model, `artledger --help` nothing.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from ledger.app.application import Application
from ledger.errors import InputError
from ledger.settings import Settings

__all__ = ["Application", "open_application"]


def open_application(**overrides: Any) -> Application:
    """Settings from the environment, `overrides` (by field name) before them. Raises InputError (`settings`)."""
    try:
        return Application(Settings(**{name: value for name, value in overrides.items() if value is not None}))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "ARTLEDGER_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InputError(f"setting {name}: {first['msg']}", code="settings") from error
