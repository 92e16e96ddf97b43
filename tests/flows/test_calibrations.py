"""Error rates follow the corpus: in the background, by one process at a time, and what lags behind says so."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger import canonical
from ledger.app import Application, open_application
from ledger.errors import ConflictError, PushbackError
from ledger.flows.upkeep import calibrate
from ledger.flows.upkeep.background import BackgroundCalibration
from ledger.flows.upkeep.calibrate import PublishedCalibration
from tests.applications import DRAWINGS, labelled, register

Add = Callable[[int], None]


def opened(database_url: str, tmp_path: Path) -> Application:
    return open_application(data_dir=tmp_path / "data", database_url=database_url)


@pytest.fixture
def ledger(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with opened(database_url, tmp_path) as application:
        yield application


@pytest.fixture
def other(ledger: Application, database_url: str, tmp_path: Path) -> Iterator[Application]:
    """Another process of the same installation."""
    with opened(database_url, tmp_path) as application:
        yield application


@pytest.fixture
def add(ledger: Application, tmp_path: Path) -> Add:
    """Registers the first so many drawings."""
    folder = tmp_path / "works"
    folder.mkdir()

    def up_to(count: int) -> None:
        for path in DRAWINGS[:count]:
            shutil.copy(path, folder)
        register(ledger, labelled(folder, [(path.name, path.stem, "Somebody") for path in DRAWINGS[:count]]))

    return up_to


def works(published: PublishedCalibration | None) -> int:
    assert published is not None
    return published.calibration.corpus.works


def wait_for(said: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not said():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_outgrown_calibration_serves_on_and_every_answer_says_so(ledger: Application, add: Add) -> None:
    add(5)
    first = ledger.pictures.calibrations.current()
    add(8)
    ledger.pictures.calibrations.deferred = True
    picture = DRAWINGS[0].read_bytes()
    answer = ledger.pictures.verify(picture)
    assert answer.report is not None
    assert answer.report.calibration is not None
    assert (answer.report.calibration.digest, answer.report.calibration.works) == (first.digest, 5)
    assert answer.report.calibration.outdated
    (note,) = answer.report.notes
    assert "against 5 works, the corpus has 8" in note
    assert "artledger corpus calibrate" in note
    assert ledger.pictures.look_up(picture).notes == (note,)
    assert ledger.works.catalogue.stats().notes == (note,)
    assert answer.statement["predicate"]["calibration"] == first.digest, "the record names the one that it used"
    assert ledger.pictures.calibrations.recalibrate().works == 8
    fresh = ledger.pictures.verify(picture)
    assert fresh.report is not None
    assert fresh.report.notes == ()
    assert ledger.records.get(answer.record_id).report == answer.report, "read later, a record says the same"


def test_the_background_follows_the_corpus(ledger: Application, add: Add) -> None:
    background = BackgroundCalibration(ledger.pictures.calibrations)
    add(5)
    assert (background.state().state, background.state().corpus_works) == ("none", 5)
    stop = threading.Event()
    thread = threading.Thread(target=background.run, args=(stop,), kwargs={"interval": 0.02})
    thread.start()
    try:
        wait_for(lambda: background.state().works == 5)
        add(8)
        wait_for(lambda: background.state().works == 8)
    finally:
        stop.set()
        thread.join()
    state = background.state()
    assert (state.state, state.corpus_works, state.detail) == ("current", 8, None)
    assert ledger.works.catalogue.stats().records["calibration"] == 2
    assert not ledger.pictures.calibrations.deferred, "without a background, whoever asks calibrates"


def test_nobody_waits_while_the_background_calibrates(ledger: Application, add: Add) -> None:
    add(5)
    ledger.pictures.calibrations.current()
    add(8)
    ledger.pictures.calibrations.deferred = True
    begun, go_on = threading.Event(), threading.Event()

    def slowly(stage: str, done: int, total: int | None) -> None:
        begun.set()
        assert go_on.wait(60)

    thread = threading.Thread(target=ledger.pictures.calibrations.keep_up, args=(slowly,))
    thread.start()
    try:
        assert begun.wait(60)
        assert works(ledger.pictures.calibrations.current()) == 5, "answered while the other thread computes"
    finally:
        go_on.set()
        thread.join()
    assert works(ledger.pictures.calibrations.current()) == 8


def test_one_process_at_a_time(
    ledger: Application, other: Application, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate, "MAX_WAIT", 0.0)
    add(5)
    with other.pictures.calibrations.alone() as alone:
        assert alone
        with pytest.raises(PushbackError) as busy:
            ledger.pictures.calibrations.current()
        assert busy.value.code == "calibrating"
    ledger.pictures.calibrations.current()
    add(8)
    with other.pictures.calibrations.alone():
        assert works(ledger.pictures.calibrations.current()) == 5, "what is in force will do meanwhile"
        assert works(ledger.pictures.calibrations.keep_up()) == 5
    assert works(ledger.pictures.calibrations.current()) == 8


def test_what_another_process_made_is_used(ledger: Application, other: Application, add: Add) -> None:
    add(5)
    assert works(ledger.pictures.calibrations.current()) == 5
    add(8)
    made = other.pictures.calibrations.recalibrate()
    assert ledger.pictures.calibrations.current().digest == made.digest
    assert not ledger.pictures.calibrations.recalibrate().made


def test_a_service_that_ends_stops_calibrating(ledger: Application, add: Add) -> None:
    add(5)
    background = BackgroundCalibration(ledger.pictures.calibrations)
    stop = threading.Event()
    blocks = ledger.store.corpus.iter_blocks

    def stopping() -> Iterator[object]:
        stop.set()
        yield from blocks()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(ledger.store.corpus), "iter_blocks", lambda _: stopping())
        background.run(stop, interval=0.02)
    assert (background.state().state, background.state().detail) == ("none", None)


def test_what_fails_is_said_and_tried_again(ledger: Application, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    add(5)
    background = BackgroundCalibration(ledger.pictures.calibrations)
    stop = threading.Event()
    failing = True

    def keep_up(*_: object) -> None:
        if failing:
            raise PushbackError("no room", code="disk-full")
        stop.set()

    monkeypatch.setattr(type(ledger.pictures.calibrations), "keep_up", keep_up)
    thread = threading.Thread(target=background.run, args=(stop,), kwargs={"interval": 0.01})
    thread.start()
    wait_for(lambda: background.state().state == "failed")
    assert background.state().detail == "disk-full: no room"
    failing = False
    thread.join()
    assert background.state().state == "none"


def test_a_calibration_of_another_null_set_or_an_earlier_version_is_not_used(ledger: Application, add: Add) -> None:
    add(5)
    ledger.pictures.calibrations.current()
    stored = ledger.store.calibrations.newest(ledger.store.spec.digest)
    assert stored is not None
    altered = {**json.loads(stored.document), "null_set": "0" * 64}
    assert ledger.pictures.calibrations._published(stored) is not None
    assert ledger.pictures.calibrations._published(replace(stored, document=canonical.dumps(altered))) is None
    earlier = {**json.loads(stored.document), "version": 3}
    for name in ("background", "self_null"):
        del earlier[name]
    assert ledger.pictures.calibrations._published(replace(stored, document=canonical.dumps(earlier))) is None


def test_without_works_it_is_said_what_to_do(ledger: Application) -> None:
    with pytest.raises(ConflictError) as refused:
        ledger.pictures.calibrations.recalibrate()
    assert refused.value.code == "corpus-empty"
    assert "artledger corpus ingest" in str(refused.value.hint)
    answer = ledger.pictures.verify(DRAWINGS[0].read_bytes())
    assert answer.report is not None
    assert (answer.report.verdict, answer.report.matches) == ("none", ())
    for notes in (
        answer.report.notes,
        ledger.pictures.look_up(DRAWINGS[0].read_bytes()).notes,
        ledger.works.catalogue.stats().notes,
    ):
        assert len(notes) == 1
        assert "artledger corpus ingest" in notes[0]
    background = BackgroundCalibration(ledger.pictures.calibrations)
    ledger.pictures.calibrations.keep_up()
    assert background.state().corpus_works == 0
