"""The HTTP surface: routers, errors and protections put together around an Application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from anyio import to_thread
from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles

from api.cards import routes as cards
from api.desk import routes as desk
from api.desk import signing_in
from api.http import problems
from api.http.access import caller_of, document_access, require_rows
from api.http.connections import STATE, Connections
from api.http.context import Context, Lane
from api.http.deadlines import BodyDeadline
from api.http.edge import Edge
from api.http.limits import RateLimits
from api.http.methods import Methods
from api.http.metrics import MeasureRequests, Metrics, serving_metrics
from api.http.openapi import complete
from api.http.security import Security
from api.http.uploads import UploadBudget
from api.http.work_budget import WorkBudget
from api.http.workers import Workers
from api.pages import explaining
from api.pages import routes as pages
from api.routers import (
    accounts,
    artists,
    claims,
    documents,
    generations,
    health,
    keys,
    log,
    lookups,
    models,
    records,
    registrations,
    told,
    uses,
    verifications,
    wellknown,
    works,
)
from ledger import __version__
from ledger.app import Application
from ledger.cores import cores

LEAST_TOKEN_THREADS = 2
QUEUE = 32
"""Pictures of one lane that may wait."""
QUICK_THREADS = 4
QUICK_WAITING = 256
READING_THREADS = 12
"""Pages and documents that anybody reads, made at once. With all other threads they are fewer than the database has
connections (`ledger.storage.database.POOL_SIZE`), so that nobody waits for one."""
GENERATIONS_WAITING = 4
OUTSIDE_THREADS = 2
OUTSIDE_WAITING = 16
PICTURES_IN_MEMORY = 8
"""As many largest pictures as may be in memory at once."""
OPENAPI_PATH = "/v1/openapi.json"
DESCRIBED: Mapping[str, Any] = {
    "title": "Artledger",
    "summary": "A public provenance ledger for images and generative models",
    "version": __version__,
    "openapi_url": OPENAPI_PATH,
    "servers": [{"url": "/", "description": "The service that this document comes from"}],
    "docs_url": None,
    "redoc_url": None,
}
"""What the service says of itself. The pages that FastAPI makes of it are not served."""

ROUTERS = (
    verifications, generations, lookups, records, works, registrations, artists, uses, models, claims, keys, accounts,
    told, documents, log, wellknown, health, signing_in, desk, cards, explaining, pages,
)  # fmt: skip


def create_app(
    application: Application, running: Callable[[], AbstractContextManager[object]] = nullcontext
) -> FastAPI:
    """The service over `application`, which is open already or is opened by `running`.

    `running` is entered before the first request and left after the last one.
    """
    settings = application.settings
    edge = Edge.of(settings)
    tokens = Lane(Workers(max(LEAST_TOKEN_THREADS, cores()), QUEUE), Workers(1, GENERATIONS_WAITING))
    # One of the processes that decode is kept for tokens.
    anonymous = Lane(Workers(max(1, settings.decode_workers - 1), QUEUE), Workers(1, GENERATIONS_WAITING))
    quick = Workers(QUICK_THREADS, QUICK_WAITING)
    outside = Workers(OUTSIDE_THREADS, OUTSIDE_WAITING)
    metrics = Metrics((tokens.pictures, anonymous.pictures))
    budget = UploadBudget(PICTURES_IN_MEMORY * settings.max_image_bytes)
    connections = Connections(
        settings.max_connections, settings.connections_per_address, settings.head_seconds, edge.is_proxy
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        to_thread.current_default_thread_limiter().total_tokens = READING_THREADS
        with running(), serving_metrics(metrics, settings.metrics_port):
            try:
                yield {STATE: connections}
            finally:
                tokens.close()
                anonymous.close()
                quick.close()
                outside.close()

    app = FastAPI(**DESCRIBED, lifespan=lifespan)
    limits = RateLimits(
        settings.limit_per_address,
        settings.limit_overall,
        settings.limit_per_account,
        settings.limit_pictures_per_account,
    )
    work_budget = WorkBudget(settings.work_per_address, settings.work_overall, settings.requests_at_once)
    app.state.context = Context(application, tokens, anonymous, quick, outside, budget, limits, edge, work_budget)
    _add_routes(app)
    app.add_middleware(BodyDeadline, seconds=settings.body_seconds)
    app.add_middleware(Methods, documents=(OPENAPI_PATH, "/static/{path:path}"))
    app.add_middleware(Security, edge=edge)
    app.add_middleware(MeasureRequests, metrics=metrics)
    _document_problems(app)
    return app


def _add_routes(app: FastAPI) -> None:
    require_rows(module.router for module in ROUTERS)
    for module in ROUTERS:
        app.include_router(module.router, dependencies=[Depends(caller_of)])
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "pages" / "static"))
    problems.install(app, pages.problem_page)


def _document_problems(app: FastAPI) -> None:
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        return complete(document_access(generate()))

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it
