"""The `artledger` command. Start-up imports nothing heavy: every library is loaded by the command that needs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from cli import audit, corpus, db, demo, keys, lookup, serve, verify
from cli.errors import ExitCode, report, silence_stdout
from cli.invocation import CommandGroup, Invocation
from cli.output import Output


def root(
    invocation: Invocation,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    """Print the version, where that is asked for."""
    if version:
        from importlib.metadata import version as version_of

        found = version_of("artledger")
        if invocation.json:
            invocation.out.document({"version": found})
        invocation.out.line(f"artledger {found}")
        raise typer.Exit


def build() -> CommandGroup:
    """The whole command line."""
    app = CommandGroup(
        "A public provenance ledger for images: register works, verify pictures, prove every answer.", root=root
    )
    for noun in (demo, serve, verify, lookup, corpus, audit, db, keys):
        noun.register(app)
    return app


def run(arguments: Sequence[str]) -> int:
    """Runs one command line; returns its exit code (`cli.errors.ExitCode`)."""
    out = Output(json="--json" in arguments)
    try:
        code = build()(list(arguments), prog_name="artledger", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        if not arguments_were_given(error):
            return ExitCode.USAGE
        return report(error, out, debug=False)
    except BrokenPipeError:
        silence_stdout()
        return ExitCode.BROKEN_PIPE
    return int(code or 0)


def arguments_were_given(error: typer.TyperException) -> bool:
    """False for a bare group, of which Typer has printed the help."""
    return bool(error.format_message())


def main() -> None:
    """Entry point of the distribution's script."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A title in a script that the terminal's encoding lacks must not end the command.
            stream.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
