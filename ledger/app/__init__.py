"""The only place that reads settings and connects adapters to protocols.

An application consists of groups (`app.pictures`, `app.works`, `app.claims`, ...). Each group, and each part of it, is
made on first use: `artledger lookup RECORD_ID` loads no model, `artledger --help` loads nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from ledger.app.application import Application
from ledger.errors import InputError
from ledger.settings import Settings
from ledger.storage.embedded import throwaway_folder

__all__ = ["Application", "open_application", "open_throwaway"]


def open_application(**overrides: Any) -> Application:
    """An application with the settings from the environment; `overrides`, by field name, win. Raises InputError
    (`settings`)."""
    try:
        return Application(Settings(**{name: value for name, value in overrides.items() if value is not None}))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "ARTLEDGER_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InputError(f"setting {name}: {first['msg']}", code="settings") from error


OF_THE_MACHINE = frozenset({"postgres_user"})
"""Settings that a temporary installation takes from the environment: what the machine needs to run one at all."""


@contextmanager
def open_throwaway(purpose: str) -> Iterator[Application]:
    """A temporary installation that is deleted at the end. What it does reaches no ledger that the environment names:
    every setting has its default, whatever the environment says."""
    with throwaway_folder(purpose) as folder:
        usual = {
            name: field.get_default(call_default_factory=True, validated_data={})
            for name, field in Settings.model_fields.items()
            if name not in OF_THE_MACHINE
        }
        with Application(Settings(**usual | {"data_dir": folder})) as application:
            yield application
