"""A public provenance ledger for images and generative models. Programs use three names of it:

    from ledger import attributed, open_application, verify_bundle

`verify_bundle` checks a record's proof offline, and works in the install without extras. `open_application` opens a
ledger: register works, compare pictures, read records. `attributed` wraps a diffusers pipeline, so that its calls
return pictures with records. Each is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ledger.generate.attributed import attributed
    from ledger.library import open_application, verify_bundle

__version__ = "0.2.0"
"""The one place that the version is written: packaging, `artledger --version`, OpenAPI and credentials read it."""

__all__ = ["attributed", "open_application", "verify_bundle"]

_HOMES = {
    "attributed": "ledger.generate.attributed",
    "open_application": "ledger.library",
    "verify_bundle": "ledger.library",
}


if not TYPE_CHECKING:  # else a misspelt name would pass for one that is there

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
