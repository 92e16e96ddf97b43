"""Progress: plain lines at intervals where there is no terminal, a bar where there is one, nothing when quiet."""

from __future__ import annotations

import io
import sys

import pytest

from cli.ui.output import Output
from cli.ui.progress import LINE_INTERVAL, PlainLines, shown_progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_line_at_the_start_at_intervals_and_at_the_end() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = PlainLines(stream, clock)
    for done in range(101):
        lines("reading", done, 100)
        clock.now += LINE_INTERVAL / 20
    printed = stream.getvalue().splitlines()
    assert printed[0] == "reading: 0 of 100"
    assert printed[1] == "reading: 20 of 100 (4.0 a second, 20 s left)"
    assert printed[-1] == "reading: 100 of 100 (4.0 a second)"
    assert len(printed) == 6


def test_a_resumed_run_counts_its_own_rate() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = PlainLines(stream, clock)
    lines("reading", 1_000, 2_000)
    clock.now = LINE_INTERVAL * 2
    lines("reading", 1_010, 2_000)
    assert stream.getvalue().splitlines()[-1] == "reading: 1,010 of 2,000 (1.0 a second, 16 min 30 s left)"


def test_an_unknown_total_is_just_counted() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = PlainLines(stream, clock)
    lines("listing", 0, None)
    clock.now = LINE_INTERVAL
    lines("listing", 7_300, None)
    assert stream.getvalue() == "listing: 0\nlisting: 7,300 (1,460.0 a second)\n"


def test_the_end_is_said_once() -> None:
    stream = io.StringIO()
    lines = PlainLines(stream, Clock())
    for done in (0, 2, 2, 2):
        lines("reading", done, 2)
    assert stream.getvalue() == "reading: 0 of 2\nreading: 2 of 2\n"


def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress(Output(quiet=True)) as progress:
        progress("reading", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_it_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress(Output(json=True)) as progress:
        progress("reading", 1, 2)
    assert capsys.readouterr() == ("", "reading: 1 of 2\n")


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with shown_progress(Output()) as progress:
        progress("reading [red]x", 1, 2)
        progress("reading [red]x", 2, 2)
    assert "reading [red]x" in terminal.getvalue()
    assert "2/2" in terminal.getvalue()
