"""What the routers work with: one object per application, reached through FastAPI's dependencies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Path, Request
from fastapi.concurrency import run_in_threadpool

from api.http.askers import asker_of
from api.http.edge import Edge
from api.http.limits import RateLimits
from api.http.uploads import UploadBudget, received_image
from api.http.work_budget import Charge, WorkBudget
from api.http.workers import Workers, watched
from ledger.app import Application
from ledger.record.ids import ID_PATTERN

T = TypeVar("T")

Id = Annotated[str, Path(pattern=ID_PATTERN, description="A lowercase UUIDv7.")]
Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="A SHA-256 in lowercase hex.")]


@dataclass(frozen=True, slots=True)
class Lane:
    """Threads that work for one kind of caller, so that callers without a token never delay those who have one."""

    pictures: Workers
    generations: Workers
    """One request at a time: a model fills the processor and the memory by itself."""

    def close(self) -> None:
        self.pictures.close()
        self.generations.close()


@dataclass(frozen=True, slots=True)
class RequestWork:
    """What is done for one request, in its asker's lane and at its asker's charge.

    Where the client leaves, what waits is dropped, and what runs for its answer alone ends.
    """

    here: Context
    request: Request
    lane: Lane
    charge: Charge

    async def with_image(self, job: Callable[[bytes], T]) -> T:
        """Runs `job` on the uploaded picture. Raises what the upload, the workers and the job raise."""
        limit = self.here.application.settings.max_image_bytes
        async with received_image(self.request, limit, self.here.budget) as data, watched(self.request) as cancellation:
            return await self.lane.pictures.run(lambda: job(data), cancellation, stops=True, charge=self.charge.add)

    async def run(self, job: Callable[[], T]) -> T:
        """A job that, once begun, goes on to its end. Raises what the workers and the job raise."""
        async with watched(self.request) as cancellation:
            return await self.lane.pictures.run(job, cancellation, charge=self.charge.add)

    async def look(self, job: Callable[[], T]) -> T:
        """A short question to the database. Raises what the job raises, PushbackError (`overloaded`)."""
        if self.lane is self.here.tokens:
            return await self.here.quick.run(job)
        return await run_in_threadpool(job)

    async def generate(self, job: Callable[[], T]) -> T:
        """Raises what the workers and the job raise."""
        async with watched(self.request) as cancellation:
            return await self.lane.generations.run(job, cancellation, stops=True, charge=self.charge.add)


@dataclass(frozen=True, slots=True)
class Context:
    application: Application
    tokens: Lane
    anonymous: Lane
    quick: Workers
    """For short questions to the database on behalf of tokens, and whose a token is."""
    outside: Workers
    """For requests to addresses that others name: they may be slow, and delay nobody else."""
    budget: UploadBudget
    limits: RateLimits
    edge: Edge
    work_budget: WorkBudget

    @property
    def workers(self) -> Workers:
        """For work that needs an account."""
        return self.tokens.pictures

    @asynccontextmanager
    async def working(self, request: Request) -> AsyncIterator[RequestWork]:
        """Work for a request that needs no token. Entered before the body is read, because it must fit the budget.

        Raises PushbackError (`rate-limited`).
        """
        asker = asker_of(request)
        with nullcontext(Charge()) if asker.privileged else self.work_budget.request(asker.key) as charge:
            yield RequestWork(self, request, self.tokens if asker.privileged else self.anonymous, charge)

    async def with_image(self, request: Request, job: Callable[[bytes], T]) -> T:
        """See `RequestWork.with_image`."""
        async with self.working(request) as work:
            return await work.with_image(job)


def context_of(request: Request) -> Context:
    context = request.app.state.context
    assert isinstance(context, Context)  # noqa: S101 - put there by create_app
    return context


Here = Annotated[Context, Depends(context_of)]
