"""Turns errors into exit codes and messages (FORMAT.md, closed list of exit codes).

With `--json`, stdout has `{"error": {"code", "message", "hint"}}`. The message is on stderr in any case.
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
"""Packages of this distribution. If one of their modules is missing, that is a bug in Artledger."""


class ExitCode(IntEnum):
    """What scripts may rely on."""

    DONE = 0
    """Done, or verified."""
    REFUTED = 1
    """Checked and found wrong. For `verify`, only with `--fail-on`."""
    USAGE = 2
    """Wrong usage or input."""
    NOT_FOUND = 3
    UNCHECKED = 4
    """Could not be checked, or something that is needed cannot be reached or trusted."""
    UNEXPECTED = 70
    """A bug in this program (sysexits.h, EX_SOFTWARE)."""
    INTERRUPTED = 130
    """As shells report SIGINT."""
    BROKEN_PIPE = 141
    """As shells report SIGPIPE: the reader of the output has gone."""


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
    """Reports the error that ended a command. Returns the exit code."""
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    match error:
        case KeyboardInterrupt():
            out.error("interrupted", hint="Nothing is lost. Run the same command again to continue.")
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
                hint="This is a bug in Artledger. Please report it with the output of the same command with --debug.",
            )
            code = ExitCode.UNEXPECTED
    tell(known, out)
    out.document(error_document(known))
    return code


def tell(error: LedgerError, out: Output, *, about: str | None = None) -> None:
    """An error on stderr. `about` names the one of several inputs that failed."""
    out.error(f"{about}: {error.message}" if about else error.message, hint=error.hint)


@contextmanager
def quiet_about_broken_pipes() -> Iterator[None]:
    """Turns a broken pipe into its exit code. What Python flushes at its end is dropped."""
    try:
        yield
    except BrokenPipeError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(ExitCode.BROKEN_PIPE) from error


def _usage_hint(error: TyperException) -> str | None:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` shows how to use it." if context is not None else None
