"""What the routers work with: one object per application, reached through FastAPI's dependencies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Path, Request

from api.edge import Edge
from api.limits import RateLimits
from api.uploads import UploadBudget, received_image
from api.workers import Workers
from ledger.bootstrap import Application
from ledger.record.ids import ID_PATTERN

T = TypeVar("T")

Id = Annotated[str, Path(pattern=ID_PATTERN, description="A lowercase UUIDv7.")]
Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="A SHA-256 in lowercase hex.")]


@dataclass(frozen=True, slots=True)
class Context:
    application: Application
    workers: Workers
    generator: Workers
    """One picture is made at a time: a model fills the processor and the memory by itself."""
    budget: UploadBudget
    limits: RateLimits
    edge: Edge

    async def with_image(self, request: Request, job: Callable[[bytes], T]) -> T:
        """Runs `job` on the uploaded picture in the worker pool. Raises what the upload, the pool and the job raise."""
        limit = self.application.settings.max_image_bytes
        async with received_image(request, limit, self.budget) as data:
            return await self.workers.run(lambda: job(data))


def context_of(request: Request) -> Context:
    context = request.app.state.context
    assert isinstance(context, Context)  # noqa: S101 - put there by create_app
    return context


Here = Annotated[Context, Depends(context_of)]
