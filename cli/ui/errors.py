"""The one place where errors become exit codes and words (FORMAT.md, closed list of exit codes).

With `--json`, the document on stdout is `{"error": {"code", "message", "hint"}}`; the words for people are on stderr
either way.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer
from typer import TyperException

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
from ledger.extras import missing_package

OURS = frozenset({"ledger", "api", "cli", "migrations"})
"""Packages of this distribution: where one of their modules is missing, the program is at fault."""


class ExitCode(IntEnum):
    """What scripts may rely on."""

    DONE = 0
    """Done, or verified."""
    REFUTED = 1
    """Checked and found wrong; for `verify` only with `--fail-on`."""
    USAGE = 2
    """Usage or input."""
    NOT_FOUND = 3
    UNCHECKED = 4
    """Could not be checked, or something that is needed cannot be reached or trusted."""
    UNEXPECTED = 70
    """A defect of this program (sysexits.h, EX_SOFTWARE)."""
    INTERRUPTED = 130
    """As shells report SIGINT."""
    BROKEN_PIPE = 141
    """As shells report SIGPIPE: nobody read the output."""


def exit_code_of(error: LedgerError) -> ExitCode:
    """The exit code of a kind of error."""
    match error:
        case InputError() | ConflictError() | AccessError():
            return ExitCode.USAGE
        case NotFoundError():
            return ExitCode.NOT_FOUND
        case VerificationError():
            return ExitCode.REFUTED
        case PushbackError() | IntegrityError():
            return ExitCode.UNCHECKED
        case _:
            return ExitCode.UNCHECKED


def error_document(error: LedgerError) -> dict[str, dict[str, str | None]]:
    """The JSON form of an error."""
    return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}


def report(error: BaseException, out: Output, *, debug: bool) -> ExitCode:
    """Tells what ended a command, and returns its exit code."""
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    match error:
        case KeyboardInterrupt():
            out.error("interrupted; nothing is lost: run the same command again and it goes on from there")
            return ExitCode.INTERRUPTED
        case LedgerError():
            known = error
            code = exit_code_of(error)
        case TyperException():
            known = InputError(error.format_message(), code="usage", hint=_usage_hint(error))
            code = ExitCode.USAGE
        case ModuleNotFoundError(name=str(name)) if name.partition(".")[0] not in OURS:
            known = missing_package(name.partition(".")[0])
            code = exit_code_of(known)
        case _:
            known = LedgerError(
                f"unexpected {type(error).__name__}: {error}",
                code="unexpected",
                hint="This is a bug in artledger. Please report it, with the output of the same command with --debug",
            )
            code = ExitCode.UNEXPECTED
    tell(known, out)
    out.document(error_document(known))
    return code


def tell(error: LedgerError, out: Output, *, about: str | None = None) -> None:
    """An error in words, on stderr; `about` names the one of several things that failed."""
    out.error(f"{about}: {error.message}" if about else error.message, hint=error.hint)


@contextmanager
def quiet_about_broken_pipes() -> Iterator[None]:
    """Turns a broken pipe into its exit code; what Python still flushes at its end goes nowhere."""
    try:
        yield
    except BrokenPipeError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(ExitCode.BROKEN_PIPE) from error


def _usage_hint(error: TyperException) -> str | None:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` shows what it takes" if context is not None else None
