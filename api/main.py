"""For an ASGI server: `uvicorn --factory --no-proxy-headers api.main:create`. Deadlines and bounds for connections are
then that server's own; `artledger serve` has them (api/http/connections.py)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from api.app import create_app
from ledger.app import Application, open_application

_log = logging.getLogger("artledger.api")


def create() -> FastAPI:
    """The service with settings from the environment; publishes the log in the background while it runs."""
    application = open_application()

    @contextmanager
    def running() -> Iterator[None]:
        with application, application.run_background():
            _warm_up(application)
            yield

    return create_app(application, running)


def _warm_up(application: Application) -> None:
    """Makes the parts that requests share, so that the first visitor does not wait for models and no two make them."""
    for part in (
        application.works.catalogue,
        application.records,
        application.pictures.lookups,
        application.pictures.fingerprinter,
        application.pictures.verification,
    ):
        _log.debug("ready: %s", type(part).__name__)
