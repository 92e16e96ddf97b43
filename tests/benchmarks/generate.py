"""What attribution adds to a generation, beside a plain `verify` of the same picture.

    python -m tests.benchmarks.generate                       # the studio's model, 3,500 OpenClipart works
    python -m tests.benchmarks.generate --quick               # thirty drawings and a tiny model: shows that it works

`overhead_s`: median seconds that a generation takes beyond making its pixels, from the prompt's check to the file with
credentials and the record of its digest; goal at most 1. `attribution_vs_verify`: the same in units of the median
`verify` of that picture's file without its metadata; goal at most 1.2.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ledger.app import Application
from ledger.generate.generator import open_generator
from ledger.generate.picture import Generator, ModelFacts, StepProgress, no_progress
from ledger.generate.profiles import FolderModel, generator_source
from ledger.generate.request import GenerationRequest, RequestLimits
from ledger.image.canonical_image import Pixels
from ledger.image.credentials.write import encode
from tests.benchmarks._corpus import ART, drawings, fresh_application
from tests.benchmarks._output import emit
from tests.generate.tiny import save_tiny_sd

WARM_UP = 3
PROMPTS = ("a red car", "a tree", "a star", "a house by the sea", "a yellow fish", "a bird on a branch")


@dataclass(slots=True)
class Timed:
    """A generator that keeps its last picture and how long making it took."""

    inner: Generator
    seconds: float = 0.0
    pixels: list[Pixels] = field(default_factory=list)

    @property
    def model(self) -> ModelFacts:
        return self.inner.model

    @property
    def limits(self) -> RequestLimits:
        return self.inner.limits

    @property
    def sampler(self) -> str:
        return self.inner.sampler

    def generate(
        self, request: GenerationRequest, index: int, attempt: int = 0, progress: StepProgress = no_progress
    ) -> Pixels:
        started = time.perf_counter()
        made = self.inner.generate(request, index, attempt, progress)
        self.seconds = time.perf_counter() - started
        self.pixels = [made]
        return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="openclipart", help="as `artledger corpus ingest` takes it")
    parser.add_argument("--works", type=int, default=3500, help="registered works")
    parser.add_argument("--count", type=int, default=40, help="pictures")
    parser.add_argument("--steps", type=int, help="of denoising; else the model's own number")
    parser.add_argument("--generator", help="as ARTLEDGER_GENERATOR")
    parser.add_argument("--quick", action="store_true", help="the few drawings of the tests and a tiny model")
    options = parser.parse_args()
    source, works, count = (str(ART), 30, 6) if options.quick else (options.source, options.works, options.count)
    with model(options.generator, options.quick) as generator, fresh_application() as application:
        application.works.ingestion.run(drawings(application, source, works))
        application.pictures.calibrations.recalibrate()
        added, verified = measure(application, Timed(generator), count, 2 if options.quick else options.steps)
        registered = application.store.corpus.state().works
    context = {
        "works": registered, "pictures": len(added), "processors": os.cpu_count(), "model": generator.model.name,
    }  # fmt: skip
    emit(
        "generate", "attribution_vs_verify", statistics.median(added) / statistics.median(verified), "ratio", **context
    )
    emit("generate", "overhead_s", statistics.median(added), "s", **context)
    emit("generate", "verify_s", statistics.median(verified), "s", **context)


@contextmanager
def model(name: str | None, tiny: bool) -> Iterator[Generator]:
    with tempfile.TemporaryDirectory(prefix="artledger-benchmark-") as folder:
        if tiny:
            yield open_generator(FolderModel(save_tiny_sd(Path(folder) / "tiny"), "tiny"))
        else:
            yield open_generator(generator_source("studio", name))


def measure(
    application: Application, generator: Timed, count: int, steps: int | None
) -> tuple[list[float], list[float]]:
    """Seconds beyond making the pixels, and seconds of verifying them, of each picture after the first WARM_UP."""
    flow = replace(application.pictures.generation, generator=lambda: generator)
    added, verified = [], []
    for seed in range(count + WARM_UP):
        asked = flow.request(PROMPTS[seed % len(PROMPTS)], seed=seed, steps=steps)
        started = time.perf_counter()
        flow.generate(asked)
        added.append(time.perf_counter() - started - generator.seconds)
        file = encode(generator.pixels[0], "image/png")
        started = time.perf_counter()
        answer = application.pictures.verify(file)
        verified.append(time.perf_counter() - started)
        assert not answer.repeated
    return added[WARM_UP:], verified[WARM_UP:]


if __name__ == "__main__":
    main()
