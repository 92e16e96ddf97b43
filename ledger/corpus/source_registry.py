"""All kinds of sources, and the one that a user names. Every file in `ledger/corpus/sources` defines one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from ledger.corpus import sources
from ledger.corpus.source_definition import SourceDefinition, SourceRequest
from ledger.corpus.work import Source
from ledger.errors import InputError

_OTHERWISE = "folder:"
"""The prefix that a user may leave out."""


def _defined() -> tuple[SourceDefinition, ...]:
    modules = [import_module(f"{sources.__name__}.{found.name}") for found in iter_modules(sources.__path__)]
    return tuple(module.SOURCE for module in modules)


SOURCES: Sequence[SourceDefinition] = _defined()


def open_source(spec: str, labels: Path | None, rasterise: Callable[[bytes], bytes]) -> Source:
    """The source that a user wrote after `corpus ingest`. A source's own `name` opens it again.

    A path without a prefix is a folder. A folder with the name of another source is written `./openclipart`. Raises
    InputError (`labels-unused` if the source has its own labels) and NotFoundError, as the sources do.
    """
    found = next((source for source in SOURCES if source.takes(spec)), None)
    if found is None:
        return open_source(f"{_OTHERWISE}{spec}", labels, rasterise)
    if found.brings_labels and labels is not None:
        raise InputError(f"--labels is for folders, but {spec} has its own labels", code="labels-unused")
    return found.open(SourceRequest(spec.removeprefix(found.prefix), labels, rasterise))
