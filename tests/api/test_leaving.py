"""A client that leaves ends its job: nothing goes on for nobody, and nothing is recorded. Over real HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from api.app import create_app
from api.http.context import Context
from ledger.app import Application
from ledger.cancellation import Cancellation
from ledger.flows.upkeep.calibrate import Calibrations, PublishedCalibration
from ledger.generate.generator import PipelineGenerator
from ledger.match.candidate import CandidateIndex
from ledger.match.copies.matcher import Matcher
from tests.api.serving import served_app
from tests.api.sockets import BOUNDARY, PART, connect, head, upload_head
from tests.applications import ART, DRAWINGS, application_with
from tests.conftest import DatabaseUrl
from tests.generate.tiny import save_tiny_sd
from tests.image.bombs import slow_jpeg

ANONYMOUS = "X-Forwarded-For: 203.0.113.9"
PATIENCE = 60.0


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    folder = save_tiny_sd(tmp_path_factory.mktemp("tiny") / "sd")
    data = tmp_path_factory.mktemp("leaving") / "data"
    with application_with(database_server, template, data, [ART], generator=str(folder)) as opened:
        opened.pictures.verify(DRAWINGS[0].read_bytes())  # puts the first calibration on the log
        yield opened


@pytest.fixture(scope="module")
def service(application: Application) -> Iterator[tuple[str, Context]]:
    app = create_app(application)
    with served_app(app) as url:
        yield url, app.state.context


def in_work(context: Context) -> int:
    lanes = (context.anonymous, context.tokens)
    return sum(lane.pictures.admitted + lane.generations.admitted for lane in lanes)


def until(condition: Callable[[], bool]) -> float:
    """Seconds until it holds."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < PATIENCE
        time.sleep(0.02)
    return time.monotonic() - start


def leave_when(context: Context, url: str, request: bytes, condition: Callable[[], bool]) -> float:
    """Sends a request, leaves when the condition holds, and returns the seconds until no work is left."""
    with connect(url) as connection:
        connection.sendall(request)
        until(condition)
    return until(lambda: in_work(context) == 0)


def upload(path: str, picture: bytes) -> bytes:
    body = PART + picture + b"\r\n--" + BOUNDARY + b"--\r\n"
    return upload_head(path, len(body), ANONYMOUS) + body


def test_decoding_ends(service: tuple[str, Context], application: Application) -> None:
    url, context = service
    before = application.store.entries.head().size
    slow = slow_jpeg()
    began: list[float] = []

    def has_begun() -> bool:
        began.append(time.monotonic())
        return in_work(context) == 1 and began[-1] - began[0] > 1.0

    leave_when(context, url, upload("/v1/verifications", slow), has_begun)
    assert application.store.entries.head().size == before
    # The worker that was ended has a successor.
    application.pictures.images.decode(DRAWINGS[0].read_bytes())


def test_a_picture_that_is_being_compared_gets_no_record(
    service: tuple[str, Context], application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, context = service
    before = application.store.entries.head().size
    comparing, left = threading.Event(), threading.Event()
    matcher, cancel = Calibrations.matcher, Cancellation.cancel

    def slow_matcher(calibrations: Calibrations, index: CandidateIndex, calibrated: PublishedCalibration) -> Matcher:
        comparing.set()
        left.wait(PATIENCE)
        return matcher(calibrations, index, calibrated)

    def noticed(cancellation: Cancellation) -> None:
        cancel(cancellation)
        left.set()

    monkeypatch.setattr(Calibrations, "matcher", slow_matcher)
    monkeypatch.setattr(Cancellation, "cancel", noticed)
    leave_when(context, url, upload("/v1/verifications", DRAWINGS[1].read_bytes() + b"1"), comparing.is_set)
    assert left.is_set()
    assert application.store.entries.head().size == before


def test_a_generation_ends_at_its_next_step(
    service: tuple[str, Context], application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, context = service
    before = application.store.entries.head().size
    steps: list[int] = []
    generate = PipelineGenerator.generate

    def watched(self: PipelineGenerator, *arguments: object) -> object:
        """The generator itself, with steps that take their time."""
        *asked, _ = arguments

        def step(done: int, _: int) -> None:
            steps.append(done)
            time.sleep(0.2)

        return generate(self, *asked, step)  # type: ignore[arg-type, call-arg]  # passed on as they came

    monkeypatch.setattr(PipelineGenerator, "generate", watched)
    document = json.dumps({"prompt": "a red car", "steps": 50, "count": 2}).encode()
    kind = "Content-Type: application/json"
    request = head("POST /v1/generations", kind, f"Content-Length: {len(document)}", ANONYMOUS) + document
    leave_when(context, url, request, lambda: len(steps) > 1)
    assert len(steps) < 50
    assert application.store.entries.head().size == before
