"""A service over real HTTP on loopback, in a thread of the test's own process, as `artledger serve` runs it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from cli.commands.serve import GUARDED
from ledger.app import Application


@contextmanager
def served(application: Application) -> Iterator[str]:
    """Its URL. It publishes in the background, as `artledger serve` does."""
    with served_app(create_app(application, application.run_background)) as url:
        yield url


@contextmanager
def served_app(app: FastAPI) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", **GUARDED))
    thread = threading.Thread(target=server.run, name="uvicorn")
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
