"""Reads a published log from a folder, a file:// URL or over http(s), with a size limit for every answer."""

from __future__ import annotations

import contextlib
import errno
import gzip
import http.client
import io
import socket
import threading
import urllib.parse
import zlib
from collections.abc import Iterator
from pathlib import Path

from ledger.errors import InputError, PushbackError, VerificationError
from ledger.files import read_regular
from ledger.log.note import MAX_NOTE_BYTES
from ledger.log.tiles import CHECKPOINT_PATH, FULL_WIDTH, MAX_BUNDLE_BYTES, parse_path

_MAX_REDIRECTS = 3
_Response = tuple[int, http.client.HTTPMessage, bytes]
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR}


def open_log(location: str) -> FolderLog | HttpLog:
    """Opens the log at a folder path, `file://` or `http(s)://` URL. Raises InputError (`bad-log-location`)."""
    url = urllib.parse.urlsplit(location)
    if url.scheme in ("http", "https"):
        return HttpLog(location)
    folder = Path(urllib.parse.unquote(url.path)) if url.scheme == "file" else Path(location)
    if not folder.is_dir():
        raise InputError(
            f"there is no log at {location}",
            code="bad-log-location",
            hint="Expected a folder with `checkpoint` and `tile/`, or an http(s) URL below which they are served.",
        )
    return FolderLog(folder)


class FolderLog:
    """A log whose objects are files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, path: str) -> bytes | None:
        """Raises VerificationError (`object-too-large`), PushbackError (`log-unreadable`)."""
        return self.read(path, max_bytes(path))

    def close(self) -> None:
        """Nothing is open between reads."""

    def read(self, path: str, limit: int) -> bytes | None:
        """A file of the folder, of at most `limit` bytes. Raises as `get` does."""
        try:
            data = read_regular(self._folder / path, limit + 1)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise PushbackError(f"cannot read {path}: {error.strerror or error}", code="log-unreadable") from error
        return _bounded(path, data, limit)

    def paths(self) -> Iterator[str]:
        """Sorted paths of all files of the folder, in the form that `get` takes."""
        for file in sorted(self._folder.rglob("*")):
            if file.is_file():
                yield file.relative_to(self._folder).as_posix()


class HttpLog:
    """A log served over http(s). Threads may share it: each request takes an idle kept-alive connection, or a new one.

    Redirects must stay on the same host.
    """

    def __init__(self, prefix: str, *, timeout: float = 30.0, deadline: float = 120.0) -> None:
        """`timeout`: seconds without a byte; `deadline`: seconds for a whole answer."""
        url = urllib.parse.urlsplit(prefix)
        if url.hostname is None or url.query or url.fragment or url.username is not None:
            raise InputError(
                "a log's URL needs a host and a path, without user, query or fragment", code="bad-log-location"
            )
        try:
            self._port = url.port
        except ValueError as error:
            raise InputError(f"the log's URL: {error}", code="bad-log-location") from error
        self._host = url.hostname
        self._secure = url.scheme == "https"
        self._prefix = url.path.rstrip("/")
        self._timeout = timeout
        self._deadline = deadline
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Closes idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def get(self, path: str) -> bytes | None:
        """Raises VerificationError (`object-too-large`), PushbackError (`log-unreachable`)."""
        return self.read(path, max_bytes(path))

    def read(self, path: str, limit: int) -> bytes | None:
        """An object below the prefix, of at most `limit` bytes. Raises as `get` does."""
        target = f"{self._prefix}/{path}"
        for _ in range(_MAX_REDIRECTS):
            status, headers, data = self._request(path, target, limit)
            if status in (301, 302, 307, 308):
                target = self._same_host(target, headers.get("Location", ""))
                continue
            if status in (404, 410):
                return None
            if status != 200:
                raise PushbackError(f"{path}: the log answered {status}", code="log-unreachable")
            if headers.get("Content-Encoding", "").lower() == "gzip":
                data = _gunzip(path, data, limit)
            return _bounded(path, data, limit)
        raise PushbackError(f"{path}: the log redirects too often", code="log-unreachable")

    def _request(self, path: str, target: str, limit: int) -> _Response:
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        if idle is not None:
            # The server may have closed a kept-alive connection; try once more on a new one.
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self._send(idle, target, limit)
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        try:
            return self._send(kind(self._host, self._port, timeout=self._timeout), target, limit)
        except (OSError, http.client.HTTPException) as error:
            raise PushbackError(
                f"{path}: cannot read it from {self._host}: {error}", code="log-unreachable", retry_after=5.0
            ) from error

    def _send(self, connection: http.client.HTTPConnection, target: str, limit: int) -> _Response:
        reusable = False
        try:
            if connection.sock is None:
                connection.connect()
            with _cut_off(connection.sock, self._deadline):
                connection.request("GET", target, headers={"Accept-Encoding": "gzip, identity"})
                response = connection.getresponse()
                data = response.read(limit + 1)
            if response.length and len(data) <= limit:
                raise http.client.IncompleteRead(data, response.length)
            reusable = response.isclosed() and not response.will_close
            return response.status, response.headers, data
        finally:
            if reusable:
                with self._lock:
                    self._idle.append(connection)
            else:
                connection.close()

    def _same_host(self, target: str, location: str) -> str:
        url = urllib.parse.urlsplit(urllib.parse.urljoin(target, location))
        if url.hostname not in (None, self._host):
            raise PushbackError(
                f"the log redirects to another host, {url.hostname}",
                code="log-unreachable",
                hint="If that address belongs to the log, audit it directly.",
            )
        return url.path


@contextlib.contextmanager
def _cut_off(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Ends a connection after `seconds`, even if its server keeps sending slowly. Then raises TimeoutError."""
    over = threading.Event()

    def end() -> None:
        over.set()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(
                connection, socket.SHUT_RDWR
            )  # the TLS method would change the object that the reader uses

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if over.is_set():
            raise TimeoutError(f"no complete answer within {seconds:g} seconds")


def max_bytes(path: str) -> int:
    """Largest size in bytes of the object at `path`. Raises VerificationError for a path that no log has."""
    if path == CHECKPOINT_PATH:
        return MAX_NOTE_BYTES
    tile = parse_path(path)
    return MAX_BUNDLE_BYTES if tile.level is None else FULL_WIDTH * 32


def _bounded(path: str, data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise VerificationError(f"{path}: expected at most {limit} bytes", code="object-too-large")
    return data


def _gunzip(path: str, data: bytes, limit: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            return file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise VerificationError(f"{path}: broken gzip: {error}", code="bad-encoding") from error
