"""What is printed, where, and that nothing in it can command a terminal."""

from __future__ import annotations

import io
import json

import pytest

from cli.ui import output
from cli.ui.output import Output, colours


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_people_get_lines_and_machines_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    for out in (Output(), Output(json=True)):
        if out.json:
            out.document({"a": 1})
        out.line("hello")
        out.table(("A",), [("1",)])
    printed = capsys.readouterr().out
    assert printed.startswith("hello\n")
    assert json.loads(printed[printed.index("{") :]) == {"a": 1}


def test_notes_are_silent_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    Output(quiet=True).note("beside")
    assert capsys.readouterr() == ("", "")
    Output().note("beside")
    assert capsys.readouterr() == ("", "beside\n")


def test_columns_and_lines_stay(capsys: pytest.CaptureFixture[str]) -> None:
    Output().line("a      b\n  c")
    assert capsys.readouterr().out == "a      b\n  c\n"


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "\u202eltr", "\x07bell", "[bold]markup[/bold]", "a\rb"])
def test_titles_cannot_command_the_terminal(hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(("Title",), [(hostile,)])
    Output().line(hostile)
    printed = capsys.readouterr().out
    assert not set("\x1b\u202e\x07\r") & set(printed)
    if "markup" in hostile:
        assert printed.count(hostile) == 2


def test_json_is_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=True).document({"title": "Bärchen \u202e\x1b"})
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert "\x1b" not in printed
    assert json.loads(printed) == {"title": "Bärchen \u202e\x1b"}


def test_a_wide_table_is_not_cut_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(("Title", "Id"), [("t" * 60, "i" * 36)])
    assert "t" * 60 in capsys.readouterr().out


ID = "01890a5d-ac96-774b-bcce-b302099a8059"


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize(
    "title", ["Horse", "A horse, blue, in the fog of a November morning that nobody else has seen"]
)
@pytest.mark.parametrize("identifier", [ID, "9f86d081884c7d65" * 4])
def test_ids_never_break(
    width: int, title: str, identifier: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "WIDTH_WITHOUT_TERMINAL", width)
    Output().table(("Title", "Licence", "Works", "Id"), [(title, "CC-BY-4.0", "7", identifier)] * 2, ids=("Id",))
    printed = capsys.readouterr().out
    assert printed.count(identifier) == 2
    assert all(word in printed for word in title.split())


def test_a_wide_table_stays_a_table_at_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "WIDTH_WITHOUT_TERMINAL", 80)
    Output().table(("Name", "Works", "Artist"), [("Ada Example", "7", ID)], ids=("Artist",))
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0] == ["Name", "Works", "Artist"]
    assert lines[-1] == ["Ada", "Example", "7", ID]


def test_the_next_page_can_be_copied(capsys: pytest.CaptureFixture[str]) -> None:
    Output().more(None)
    Output().more("Ada's Works")
    assert capsys.readouterr().out == "There are more. Continue with --after 'Ada'\"'\"'s Works'\n"


def test_colours_only_on_a_terminal_that_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert colours(Terminal())
    assert not colours(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colours(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not colours(Terminal())
