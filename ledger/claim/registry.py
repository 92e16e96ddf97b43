"""The types of claim that exist: every file in `ledger/claim/types` defines one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from ledger.claim import types
from ledger.claim.definition import ClaimDefinition
from ledger.record.claim_values import ClaimType


def _defined() -> dict[ClaimType, ClaimDefinition]:
    modules = [import_module(f"{types.__name__}.{found.name}") for found in iter_modules(types.__path__)]
    return {module.DEFINITION.name: module.DEFINITION for module in modules}


CLAIM_TYPES: Mapping[ClaimType, ClaimDefinition] = _defined()
"""By name."""
