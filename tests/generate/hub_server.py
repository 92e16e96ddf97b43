"""A model hub on this machine: the three requests that a download is made of (tree, head, file), counted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Hub:
    """Repositories by name, each a folder, at one commit."""

    url: str
    repositories: dict[str, Path]
    commit: str
    fetched: list[str] = field(default_factory=list)
    """Paths of files whose content was sent."""


@contextmanager
def serving(repositories: dict[str, Path], commit: str) -> Iterator[Hub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.hub = Hub(f"http://127.0.0.1:{server.server_port}", repositories, commit)  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.hub  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        hub: Hub = self.server.hub  # type: ignore[attr-defined]
        for name, folder in hub.repositories.items():
            if path.startswith(f"/api/models/{name}/tree/{hub.commit}"):
                return self._tree(folder)
            if path.startswith(prefix := f"/{name}/resolve/{hub.commit}/"):
                return self._file(hub, folder, path.removeprefix(prefix))
        return self._answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def do_HEAD(self) -> None:
        self.do_GET()

    def _tree(self, folder: Path) -> None:
        files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        entries = [
            {"type": "file", "path": name, "size": path.stat().st_size, "oid": _oid(path)}
            for name, path in files.items()
        ]
        self._answer(200, json.dumps(entries).encode(), {"Content-Type": "application/json"})

    def _file(self, hub: Hub, folder: Path, name: str) -> None:
        path = folder / name
        if self.command == "GET":
            hub.fetched.append(name)
        self._answer(200, path.read_bytes(), {"ETag": f'"{_oid(path)}"', "X-Repo-Commit": hub.commit})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


def _oid(path: Path) -> str:
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
