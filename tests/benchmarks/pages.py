"""Server time of each page, beside that of the plainest one (`/limits`): in this process, without a network.

`PAGE_ms`: the median over rounds; `PAGE_vs_plain`: the ratio of the medians, whose rounds alternate.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fastapi.testclient import TestClient

from api.app import create_app
from tests.applications import ART, DRAWINGS, register
from tests.benchmarks._corpus import fresh_application
from tests.benchmarks._output import emit
from tests.people import changed

PLAIN = "/limits"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--quick", action="store_true")
    chosen = options.parse_args()
    rounds = 5 if chosen.quick else chosen.rounds
    with fresh_application() as application:
        register(application, ART)
        record = application.pictures.verify(changed(DRAWINGS[7].read_bytes()))
        application.log.settle()
        match = record.report.matches[0] if record.report else None
        if match is None:
            raise RuntimeError("the copy was not compared")
        pages = {
            "start": "/", "works": "/works", "work": f"/works/{match.work_id}", "artist": f"/artists/{match.artist_id}",
            "record": f"/records/{record.record_id}", "claims": "/claims", "log": "/log", "how": "/how",
            "gallery": "/gallery", "search": "/search?q=star", "desk": "/me",
        }  # fmt: skip
        with TestClient(create_app(application)) as client:
            _measure(client, pages, rounds)


def _measure(client: TestClient, pages: dict[str, str], rounds: int) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in (*pages, "plain")}
    for _ in range(rounds):
        for name, path in (*pages.items(), ("plain", PLAIN)):
            start = time.perf_counter()
            answer = client.get(path, headers={"accept": "text/html"})
            seconds[name].append(time.perf_counter() - start)
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answered {answer.status_code}")
    plain = statistics.median(seconds["plain"])
    for name in pages:
        median = statistics.median(seconds[name])
        emit("pages", f"{name}_ms", 1000 * median, "ms", rounds=rounds)
        emit("pages", f"{name}_vs_plain", median / plain, "ratio", rounds=rounds)


if __name__ == "__main__":
    main()
