"""For an ASGI server: `uvicorn --factory api.main:create`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from api.app import create_app
from ledger.bootstrap import open_application


def create() -> FastAPI:
    """The service with settings from the environment; publishes the log in the background while it runs."""
    application = open_application()

    @contextmanager
    def running() -> Iterator[None]:
        with application, application.run_background():
            yield

    return create_app(application, running)
