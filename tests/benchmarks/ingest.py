"""Ingest: images per second of the whole way, and as a share of decoding and fingerprinting alone.

The second figure is what database, signatures and the log cost: 1.0 would be nothing. Both runs take the same works in
the same process, after the models are loaded and every worker has decoded once.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from functools import partial
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ledger.app import Application
from ledger.flows.works.ingest import BATCH
from ledger.image.canonical_image import CanonicalImage
from tests.benchmarks._corpus import ART, Some, drawings, fresh_application
from tests.benchmarks._output import emit
from tests.benchmarks._processor import processor_seconds


def fingerprint_alone(application: Application, source: Some) -> float:
    """Images per second without registering anything."""
    started = time.perf_counter()
    decoded = application.pictures.images.decode_all((item, partial(source.read, item)) for item in source.items())
    done = 0
    while batch := list(islice(decoded, BATCH)):
        images = [picture for _, picture in batch if isinstance(picture, CanonicalImage)]
        application.pictures.fingerprinter.works(images)
        done += len(images)
    return done / (time.perf_counter() - started)


def ingest(application: Application, source: Some) -> tuple[float, float]:
    """Images per second, registered and durable, and milliseconds of processor time for each."""
    folder = application.settings.data_dir
    started, before = time.perf_counter(), processor_seconds(folder)
    summary = application.works.ingestion.run(source)
    seconds, spent = time.perf_counter() - started, processor_seconds(folder) - before
    return summary.registered / seconds, 1000 * spent / summary.registered


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="openclipart", help="as `artledger corpus ingest` takes it")
    parser.add_argument("--count", type=int, default=512, help="works")
    parser.add_argument("--quick", action="store_true", help="the few drawings of the tests: shows that it works")
    options = parser.parse_args()
    name, count = (str(ART), 30) if options.quick else (options.source, options.count)
    with fresh_application() as application:
        source = drawings(application, name, count)
        fingerprint_alone(application, Some(source, 8))
        _ = application.works.ingestion
        alone = fingerprint_alone(application, source)
        whole, spent = ingest(application, source)
    context = {"works": len(source.chosen), "source": Path(name).name, "processors": os.cpu_count()}
    emit("ingest", "images_per_second", whole, "1/s", **context)
    emit("ingest", "processor_ms_per_work", spent, "ms", **context)
    emit("ingest", "share_of_fingerprinting_alone", whole / alone, "ratio", **context, alone_per_second=round(alone, 2))


if __name__ == "__main__":
    main()
