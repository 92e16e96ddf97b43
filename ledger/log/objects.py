"""The interface of the object store that serves a log's tiles and checkpoint. Its writes are create-only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ledger.log.tiles import CHECKPOINT_PATH

_CHECKPOINT_HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "public, max-age=2"}
_TILE_HEADERS = {"Content-Type": "application/octet-stream", "Cache-Control": "public, max-age=31536000, immutable"}


def http_headers(path: str) -> Mapping[str, str]:
    """HTTP headers of an object (C2SP tlog-tiles): tiles never change, the checkpoint changes within seconds."""
    return _CHECKPOINT_HEADERS if path == CHECKPOINT_PATH else _TILE_HEADERS


class ObjectReader(Protocol):
    """What a verifier needs: the bytes at a path, or None if there is no such object.

    `path` is relative with `/` between its parts, as in `tile/0/x001/234.p/5` or `checkpoint`. Raises PushbackError
    while the store is unreachable.
    """

    def get(self, path: str) -> bytes | None: ...


class ObjectStore(ObjectReader, Protocol):
    """The store that the publisher writes to. Writes are atomic: a reader sees the whole object or none. Unless a
    method says otherwise, they are durable on return (flushed to disk, with new parent folders).

    Raises PushbackError when the store is unreachable or full.
    """

    def put_new(self, path: str, data: bytes) -> None:
        """Creates an object. If it exists with equal bytes, only ensures that it is durable.

        It may be durable only after `sync`. Raises IntegrityError (`object-differs`) if it exists with other bytes,
        because published tiles never change.
        """

    def replace(self, path: str, data: bytes) -> None:
        """Creates or atomically replaces an object; durable on return. Only the checkpoint is ever replaced."""

    def sync(self) -> None:
        """Returns when everything that `put_new` accepted is durable: one flush for many tiles."""
