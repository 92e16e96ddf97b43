"""The log's contract with whatever serves its tiles and checkpoint: an object store with create-only writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ledger.log.tiles import CHECKPOINT_PATH

_CHECKPOINT_HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "public, max-age=2"}
_TILE_HEADERS = {"Content-Type": "application/octet-stream", "Cache-Control": "public, max-age=31536000, immutable"}


def http_headers(path: str) -> Mapping[str, str]:
    """How an object is served (C2SP tlog-tiles): tiles never change, the checkpoint does within seconds."""
    return _CHECKPOINT_HEADERS if path == CHECKPOINT_PATH else _TILE_HEADERS


class ObjectReader(Protocol):
    """What a verifier needs: the bytes below a path, or None where there is no such object.

    `path` is relative with `/` between its parts, as in `tile/0/x001/234.p/5` or `checkpoint`. Raises PushbackError
    when the place cannot be reached now.
    """

    def get(self, path: str) -> bytes | None: ...


class ObjectStore(ObjectReader, Protocol):
    """Where the publisher writes. Every write is durable (flushed to disk, with new parent folders) when it returns,
    unless it says otherwise, and atomic: a reader sees the whole object or none.

    Raises PushbackError when the store is unreachable or full.
    """

    def put_new(self, path: str, data: bytes) -> None:
        """Creates an object. Equal bytes already there: nothing happens, and the object is durable all the same.

        May be durable only after `sync`. Raises IntegrityError (`object-differs`) when other bytes are there: published
        tiles never change.
        """

    def replace(self, path: str, data: bytes) -> None:
        """Creates or atomically replaces an object: the checkpoint alone is ever replaced. Durable when it returns."""

    def sync(self) -> None:
        """Returns when everything that `put_new` accepted is durable: one flush for many tiles."""
