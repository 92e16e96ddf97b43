"""What every command shares: the options that stand everywhere, and how a command ends.

`CommandGroup` is the one mechanism: every command and every group registered with it takes `--data`, `--json`,
`--quiet` and `--debug`, before or after the command's name, and gets them as an `Invocation`, its first argument.
"""

from __future__ import annotations

import functools
import inspect
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from cli.ui.errors import ExitCode, quiet_about_broken_pipes, report
from cli.ui.output import Output
from cli.ui.progress import shown_progress

if TYPE_CHECKING:
    from ledger.app import Application
    from ledger.flows.progress import Progress

EVERYWHERE = "Everywhere"
"""Title of the help panel of the shared options."""

Run = Callable[..., "ExitCode | None"]
"""A command: takes an Invocation and its own parameters; no result means done."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """The shared options of one run."""

    data: Path | None = None
    json: bool = False
    quiet: bool = False
    debug: bool = False

    @property
    def out(self) -> Output:
        return Output(json=self.json, quiet=self.quiet)

    @contextmanager
    def application(self, **settings: Any) -> Iterator[Application]:
        """This installation's ledger. Its parts, and the libraries they need, are loaded on first use.

        `settings`: by field name, from a command's own options; None leaves a setting as it is.
        """
        from ledger.app import open_application

        data = None if self.data is None else self.data.expanduser().absolute()
        with open_application(data_dir=data, **settings) as application:
            yield application

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        with shown_progress(self.out) as progress:
            yield progress

    def command(self, *arguments: str) -> str:
        """A command line on the same ledger, for people to copy."""
        data = () if self.data is None else ("--data", str(self.data))
        return shlex.join(("artledger", *arguments, *data))

    def merged(self, data: Path | None, json: bool, quiet: bool, debug: bool) -> Invocation:
        """With options given further to the right."""
        return Invocation(data or self.data, json or self.json, quiet or self.quiet, debug or self.debug)


def _shared(
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of keys, embedded database and published log (also: ARTLEDGER_DATA_DIR).",
            metavar="DIR",
            rich_help_panel=EVERYWHERE,
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Exactly one JSON document on stdout.", rich_help_panel=EVERYWHERE)
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="No progress and no notes on stderr.", rich_help_panel=EVERYWHERE)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="With an error, also its traceback.", rich_help_panel=EVERYWHERE)
    ] = False,
) -> None:
    """Carries the declarations of the shared options."""


class CommandGroup(typer.Typer):
    """A group of commands, each with a help sentence (its docstring), examples and the shared options."""

    def __init__(self, help: str, name: str | None = None, root: Run | None = None) -> None:  # noqa: A002
        super().__init__(
            name=name,
            help=help,
            no_args_is_help=True,
            add_completion=False,
            pretty_exceptions_enable=False,
            rich_markup_mode="rich",
            context_settings={"help_option_names": ["--help", "-h"]},
        )
        self.callback(help=help, invoke_without_command=root is not None)(_with_shared_options(root or _nothing_more))

    def add(self, run: Run, *, examples: Sequence[str], name: str | None = None) -> None:
        """Registers `run`, whose first parameter is the Invocation."""
        shown = "\n\n".join(f"  {example}" for example in examples)
        paragraphs = inspect.cleandoc(run.__doc__ or "").split("\n\n")
        # Typer keeps the line breaks of all paragraphs but the first.
        text = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
        self.command(name, help=text, epilog=f"Examples:\n\n{shown}")(_with_shared_options(run))


def _nothing_more(invocation: Invocation) -> None:
    """A group does nothing itself."""


def _with_shared_options(run: Run) -> Callable[..., None]:
    """`run` with the shared options added to its signature; its errors become exit codes."""

    @functools.wraps(run)
    def command(
        ctx: typer.Context, *, data: Path | None, json: bool, quiet: bool, debug: bool, **arguments: Any
    ) -> None:
        before = ctx.obj if isinstance(ctx.obj, Invocation) else Invocation()
        invocation = ctx.obj = before.merged(data, json, quiet, debug)
        with quiet_about_broken_pipes():
            try:
                code = run(invocation, **arguments)
            except (typer.Exit, BrokenPipeError):
                raise
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (the outermost frame: all is reported)
                code = report(error, invocation.out, debug=invocation.debug)
        if code:
            raise typer.Exit(int(code))

    own = _parameters(run)[1:]
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [context, *own, *_parameters(_shared)]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Its parameters with evaluated annotations, as keywords."""
    hints = get_type_hints(function, include_extras=True)
    return [
        parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in inspect.signature(function).parameters.items()
    ]
