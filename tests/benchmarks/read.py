"""Reading against the bare SELECT of the same rows, in the same FastAPI application, from a client in this process.

`bundle_vs_select`: a bundle by record id. `lookup_vs_select`: the records of a SHA-256. The two sides alternate, round
by round, and the ratio is that of their median rates.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import httpx2
from fastapi import FastAPI, Response

from api.app import create_app
from ledger.app import Application
from ledger.log.append import Submission
from ledger.record.ids import new_id
from ledger.record.predicates import Claim
from ledger.record.statement import statement_payload
from ledger.storage.database import driver
from tests.benchmarks._corpus import fresh_application
from tests.benchmarks._output import emit
from tests.record.kinds import ALL
from tests.record.samples import sha

CALLERS = 8
BATCH = 1000
_BY_ID = "SELECT envelope FROM entry WHERE record_id = %s"
_BY_SHA256 = "SELECT envelope FROM entry JOIN record USING (leaf_index) WHERE record.subject_sha256 = %s"


def fill(application: Application, count: int) -> list[tuple[str, str]]:
    """Record ids and subjects of so many published records."""
    sample = next(each for each in ALL if isinstance(each, Claim))
    made = [(new_id(), sha(str(number))) for number in range(count)]
    for start in range(0, count, BATCH):
        application.log.sequencer.append_now(
            [
                Submission(each, statement_payload("picture", subject, sample.model_copy(update={"record_id": each})))
                for each, subject in made[start : start + BATCH]
            ]
        )
    application.log.settle()
    return made


def add_bare_selects(app: FastAPI, application: Application) -> None:
    """The same rows without anything of ours around them but the framework and the pool of connections."""

    def select(statement: str, value: object) -> Response:
        with application.store.database.begin() as connection, driver(connection).cursor(binary=True) as cursor:
            rows = cursor.execute(statement.encode(), (value,)).fetchall()
        return Response(b"".join(row[0] for row in rows), media_type="application/json")

    @app.get("/bare/records/{record_id}")
    def by_id(record_id: str) -> Response:
        return select(_BY_ID, UUID(record_id))

    @app.get("/bare/subjects/{sha256}")
    def by_sha256(sha256: str) -> Response:
        return select(_BY_SHA256, bytes.fromhex(sha256))


async def rate(client: httpx2.AsyncClient, paths: Sequence[str]) -> float:
    """Requests per second by CALLERS callers."""
    waiting = iter(paths)

    async def caller() -> None:
        for path in waiting:
            response = await client.get(path)
            if response.status_code != 200 or not response.content:
                raise SystemExit(f"{path}: {response.status_code} {response.text}")

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return len(paths) / (time.perf_counter() - started)


async def compare(
    app: FastAPI,
    made: Sequence[tuple[str, str]],
    sides: tuple[Callable[[str, str], str], Callable[[str, str], str]],
    *,
    rounds: int,
    requests: int,
) -> tuple[float, float]:
    """Median rates of the two sides, each a path made of record id and subject."""
    chance = random.Random(1)
    rates: tuple[list[float], list[float]] = ([], [])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1") as client:
        for number in range(rounds + 1):
            asked = chance.choices(made, k=requests)
            for path, found in zip(sides, rates, strict=True):
                measured = await rate(client, [path(*each) for each in asked])
                if number:  # the first round opens connections
                    found.append(measured)
    return statistics.median(rates[0]), statistics.median(rates[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=500, help="in each round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="shows that it works")
    options = parser.parse_args()
    records, requests, rounds = (500, 40, 1) if options.quick else (options.records, options.requests, options.rounds)
    with fresh_application() as application:
        made = fill(application, records)
        app = create_app(application)
        add_bare_selects(app, application)
        for metric, ours, bare in (
            ("bundle_vs_select", "/v1/records/{0}/bundle", "/bare/records/{0}"),
            ("lookup_vs_select", "/v1/records?sha256={1}", "/bare/subjects/{1}"),
        ):
            mine, theirs = asyncio.run(compare(app, made, (ours.format, bare.format), rounds=rounds, requests=requests))
            context = {"records": records, "callers": CALLERS, "processors": os.cpu_count()}
            emit("read", metric, mine / theirs, "ratio", ours_per_s=round(mine), select_per_s=round(theirs), **context)


if __name__ == "__main__":
    main()
