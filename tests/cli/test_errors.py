"""Every way in which a command can end other than well, and its exit code (FORMAT.md, closed list)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from cli.ui.errors import ExitCode, exit_code_of, report
from cli.ui.output import Output
from ledger.errors import (
    AccessError,
    ConflictError,
    InputError,
    IntegrityError,
    LedgerError,
    NotFoundError,
    PushbackError,
    VerificationError,
)
from tests.cli.commands import run_process


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (InputError, 2),
        (ConflictError, 2),
        (AccessError, 2),
        (NotFoundError, 3),
        (VerificationError, 1),
        (PushbackError, 4),
        (IntegrityError, 4),
        (LedgerError, 4),
    ],
)
def test_each_kind_of_error_has_its_exit_code(kind: type[LedgerError], code: int) -> None:
    assert exit_code_of(kind("no")) == code


def test_every_kind_of_error_is_listed_above() -> None:
    known = {AccessError, InputError, ConflictError, NotFoundError, VerificationError, PushbackError, IntegrityError}
    assert {kind for kind in LedgerError.__subclasses__() if kind.__module__ == "ledger.errors"} == known


def test_words_go_to_stderr_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    code = report(NotFoundError("there is no such thing", hint="look elsewhere"), Output(), debug=False)
    printed = capsys.readouterr()
    assert code == ExitCode.NOT_FOUND
    assert printed.out == ""
    assert printed.err == "error: there is no such thing\n  look elsewhere\n"


def test_json_has_one_document_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    report(InputError("bad", code="bad-thing", hint="mend it"), Output(json=True), debug=False)
    assert json.loads(capsys.readouterr().out) == {"error": {"code": "bad-thing", "message": "bad", "hint": "mend it"}}


def test_an_error_is_told_even_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    report(InputError("bad"), Output(quiet=True), debug=False)
    assert "bad" in capsys.readouterr().err


def test_a_hostile_name_in_an_error_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    report(InputError("cannot read \x1b[2J\u202eevil.png", hint="\x1b]0;title\x07"), Output(), debug=False)
    printed = capsys.readouterr().err
    assert "\x1b" not in printed
    assert "\u202e" not in printed
    assert "\x07" not in printed


def test_a_defect_is_one_line_and_where_to_report_it(capsys: pytest.CaptureFixture[str]) -> None:
    code = report(RuntimeError("boom"), Output(), debug=False)
    printed = capsys.readouterr().err
    assert code == ExitCode.UNEXPECTED
    assert printed.startswith("error: unexpected RuntimeError: boom\n")
    assert "report it" in printed
    assert "Traceback" not in printed


def test_debug_adds_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 // 0
    report(caught.value, Output(), debug=True)
    assert "test_debug_adds_the_traceback" in capsys.readouterr().err


def test_a_missing_part_says_what_to_install(capsys: pytest.CaptureFixture[str]) -> None:
    code = report(ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn"), Output(json=True), debug=False)
    printed = capsys.readouterr()
    assert code == ExitCode.USAGE
    assert json.loads(printed.out)["error"]["code"] == "missing-part"
    assert "pip install '.[models]'" in printed.err


def test_any_other_missing_package_is_the_installations_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(ModuleNotFoundError("No module named 'yaml'", name="yaml"), Output(), debug=False) == ExitCode.USAGE
    printed = capsys.readouterr().err
    assert "needs the Python package yaml" in printed
    assert "pip install '.[all]'" in printed


def test_a_missing_module_of_ours_is_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    error = ModuleNotFoundError("No module named 'ledger.lost'", name="ledger.lost")
    assert report(error, Output(), debug=False) == ExitCode.UNEXPECTED
    assert "ledger.lost" in capsys.readouterr().err


def test_ctrl_c_says_that_nothing_is_lost() -> None:
    lines = (
        "import os, signal",
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background ignores it",
        "import cli.commands.lookup",
        "cli.commands.lookup.is_file_name = lambda what: os.kill(os.getpid(), signal.SIGINT)",
        "",
    )
    prelude = "\n".join(lines)
    ended = run_process("lookup", "x", prelude=prelude)
    assert ended.code == 128 + signal.SIGINT
    assert "Nothing is lost. Run the same command again" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_nobody_reads_the_output() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "cli.main", "lookup", "x", "--json"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert ended.returncode == 128 + signal.SIGPIPE
    assert "Broken" not in ended.stderr
    assert "Traceback" not in ended.stderr
