"""Verify: seconds from a picture's bytes to its committed record, one caller, one process, models loaded.

Every picture is an edited copy that was never asked about before, so that each makes a record of its own.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ledger.errors import InputError
from ledger.flows.demo_pictures import edited_copy
from tests.benchmarks._corpus import ART, Some, drawings, fresh_application
from tests.benchmarks._output import emit


def questions(source: Some, count: int) -> list[bytes]:
    """Edited copies of the first works that have pixels."""
    found: list[bytes] = []
    for item in source.items():
        if len(found) == count:
            break
        try:
            found.append(edited_copy(source.read(item)))
        except InputError:
            continue
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="openclipart", help="as `artledger corpus ingest` takes it")
    parser.add_argument("--works", type=int, default=1000, help="registered works")
    parser.add_argument("--count", type=int, default=200, help="pictures asked about")
    parser.add_argument("--quick", action="store_true", help="the few drawings of the tests: shows that it works")
    options = parser.parse_args()
    name, works, count = (str(ART), 30, 10) if options.quick else (options.source, options.works, options.count)
    with fresh_application() as application:
        source = drawings(application, name, works)
        application.ingestion.run(source)
        application.recalibration.recalibrate()
        first, *pictures = questions(source, count + 1)
        application.verification.verify(first)
        seconds = []
        for picture in pictures:
            started = time.perf_counter()
            application.verification.verify(picture)
            seconds.append(1000 * (time.perf_counter() - started))
        context = {"works": application.corpus.state().works, "pictures": len(seconds), "processors": os.cpu_count()}
    percentiles = statistics.quantiles(seconds, n=100, method="inclusive")
    emit("verify", "p50_ms", percentiles[49], "ms", **context)
    emit("verify", "p99_ms", percentiles[98], "ms", **context)


if __name__ == "__main__":
    main()
