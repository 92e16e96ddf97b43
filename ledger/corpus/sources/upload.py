"""Works that artists sent over HTTP, one by one. Their files are not stored, so they cannot be read again."""

from __future__ import annotations

from typing import NoReturn

from ledger.corpus.source_definition import SourceDefinition, SourceRequest
from ledger.errors import InputError

PREFIX = "upload:"


def upload_source(artist_id: str) -> str:
    """Name of the source of all works that the artist sent."""
    return f"{PREFIX}{artist_id}"


def _open(_asked: SourceRequest) -> NoReturn:
    raise InputError("the file was sent over HTTP and was not kept", code="source-item-gone")


SOURCE = SourceDefinition(prefix=PREFIX, open=_open)
