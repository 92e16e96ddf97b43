"""The `artledger` command line, built of the commands. Start-up imports nothing heavy: every library is loaded by the
command that needs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from cli.commands import (
    accounts,
    artist,
    audit,
    claim,
    corpus,
    db,
    demo,
    evaluate,
    generate,
    keys,
    lookup,
    serve,
    train,
    verify,
)
from cli.ui.errors import ExitCode, quiet_about_broken_pipes, report
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.output import Output
from ledger import __version__

NOUNS = (
    demo, serve, verify, generate, lookup, claim, corpus, artist, audit, db, keys, accounts, train, evaluate
)  # fmt: skip
"""Modules of commands, in the order of `--help`."""


def root(
    invocation: Invocation,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Print the version, if asked."""
    if version:
        invocation.out.document({"version": __version__})
        invocation.out.line(f"artledger {__version__}")
        raise typer.Exit
    if invocation.invoked_subcommand is None:
        invocation.fail("Missing command.")


def build() -> CommandGroup:
    """The whole command line."""
    app = CommandGroup("A public provenance ledger for images: register works, verify pictures, prove every answer.")
    app.callback(invoke_without_command=True)(root)
    for noun in NOUNS:
        app.add_typer(noun.group)
    return app


def run(arguments: Sequence[str]) -> int:
    """Runs one command line; returns its exit code (`cli.ui.errors.ExitCode`)."""
    try:
        with quiet_about_broken_pipes():
            code = _run(arguments)
            sys.stdout.flush()
    except typer.Exit as exit_:
        return exit_.exit_code
    return code


def _run(arguments: Sequence[str]) -> int:
    try:
        return int(build()(list(arguments), prog_name="artledger", standalone_mode=False) or ExitCode.DONE)
    except typer.TyperException as error:
        if not error.format_message():
            # A bare noun: Typer has printed its help.
            return ExitCode.USAGE
        return report(error, Output(json="--json" in arguments), debug=False)
