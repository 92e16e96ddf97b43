"""Works that artists sent in over HTTP, one by one. Their files are not kept, so they cannot be read again."""

from __future__ import annotations

from typing import NoReturn

from ledger.corpus.source_definition import SourceDefinition, SourceRequest
from ledger.errors import InputError

PREFIX = "upload:"


def upload_source(artist_id: str) -> str:
    """The name of the source of everything that the artist sent in."""
    return f"{PREFIX}{artist_id}"


def _open(_asked: SourceRequest) -> NoReturn:
    raise InputError("the file was sent over HTTP and was not kept", code="source-item-gone")


SOURCE = SourceDefinition(prefix=PREFIX, open=_open)
