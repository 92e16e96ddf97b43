"""What every command shares: the options that stand everywhere, and how a command ends.

Typer has no options that may stand at every level, before and after a command's name. Click has what that takes:
parameters that are added to each command, a context class of one's own, and `meta`, which all contexts of one run
share.
"""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from cli.ui.errors import ExitCode, quiet_about_broken_pipes, report
from cli.ui.output import Output
from cli.ui.progress import shown_progress
from ledger.errors import InputError

if TYPE_CHECKING:
    from cli.ui.remote import RemoteLedger
    from ledger.app import Application
    from ledger.flows.progress import Progress

EVERYWHERE = "Options of every command"
"""Title of the help panel of the shared options."""

Run = Callable[..., "ExitCode | None"]
"""A command: takes an Invocation and its own parameters; no result means done."""


class Invocation(typer.Context):
    """One run of a command, with the shared options. Typer passes it to parameters that are declared with this type."""

    @property
    def data(self) -> Path | None:
        folder: Path | None = self.meta.get("data")
        return folder if folder is None else folder.expanduser().absolute()

    @property
    def server(self) -> RemoteLedger | None:
        """The ledger elsewhere that was named, for commands that can ask one."""
        from cli.ui.remote import RemoteLedger

        url = self.meta.get("server")
        return None if url is None else RemoteLedger(url)

    @property
    def out(self) -> Output:
        return Output(json=self.meta.get("json", False), quiet=self.meta.get("quiet", False))

    @property
    def debug(self) -> bool:
        return bool(self.meta.get("debug", False))

    @contextmanager
    def application(self, **settings: Any) -> Iterator[Application]:
        """This installation's ledger. Its parts, and the libraries they need, are loaded on first use.

        `settings`: by field name, from a command's own options; None leaves a setting as it is.
        """
        from ledger.app import open_application

        if self.meta.get("server") is not None:
            raise InputError(
                "this works on a data folder, not on a server",
                code="needs-data-folder",
                hint="Leave out --server, or run it where the ledger is.",
            )
        with open_application(data_dir=self.data, **settings) as application:
            yield application

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        with shown_progress(self.out) as progress:
            yield progress

    def command_line(self, *arguments: str) -> str:
        """A command line on the same ledger, for people to copy."""
        named = [(f"--{name}", str(self.meta[name])) for name in ("data", "server") if self.meta.get(name) is not None]
        return shlex.join(("artledger", *arguments, *(word for each in named for word in each)))


def _remember(context: typer.Context, parameter: typer.CallbackParam, value: Any) -> None:
    """Keeps a shared option for the whole run; of two at different levels, the one further to the right."""
    if value:
        context.meta[str(parameter.name)] = value


def _option(name: str, text: str, **settings: Any) -> Any:
    return typer.Option(name, help=text, rich_help_panel=EVERYWHERE, callback=_remember, expose_value=False, **settings)


_declarations = typer.Typer(add_completion=False)


@_declarations.command()
def _shared(
    data: Annotated[
        Path | None,
        _option(
            "--data",
            "Data folder: keys, embedded database and published log. Default: ARTLEDGER_DATA_DIR.",
            metavar="DIR",
        ),
    ] = None,
    server: Annotated[
        str | None,
        _option(
            "--server",
            "A ledger elsewhere, in place of a data folder. ARTLEDGER_TOKEN: the token of your account there.",
            metavar="URL",
        ),
    ] = None,
    json: Annotated[bool, _option("--json", "Print exactly one JSON document on stdout.")] = False,
    quiet: Annotated[bool, _option("--quiet", "Print no progress and no notes on stderr.")] = False,
    debug: Annotated[bool, _option("--debug", "Print the traceback of an error.")] = False,
) -> None:
    """Carries the declarations of the shared options."""


SHARED = get_command(_declarations).params


class _Command(TyperCommand):
    """A command with the shared options; its errors become exit codes."""

    context_class = Invocation

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.params += SHARED
        for each in self.params:
            if getattr(each, "is_flag", False):
                each.metavar = ""  # or Typer's help would ask for a <bool>

    def invoke(self, ctx: Any) -> Any:
        with quiet_about_broken_pipes():
            try:
                return super().invoke(ctx)
            except (typer.Exit, BrokenPipeError):
                raise
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (the outermost frame: all is reported)
                return report(error, ctx.out, debug=ctx.debug)


class _Group(TyperGroup):
    """A group of commands with the shared options."""

    context_class = Invocation

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.params += SHARED


class CommandGroup(typer.Typer):
    """A group of commands. Without a name, its commands belong to the group that it is added to."""

    def __init__(self, help: str = "", name: str | None = None, **settings: Any) -> None:  # noqa: A002
        super().__init__(
            name=name,
            help=help,
            cls=_Group,
            no_args_is_help=True,
            pretty_exceptions_enable=False,
            rich_markup_mode="rich",
            context_settings={"help_option_names": ["--help", "-h"]},
            **settings,
        )

    def add(self, *examples: str, name: str | None = None) -> Callable[[Run], Run]:
        """Registers the decorated function, whose first parameter is the Invocation, as a command with examples."""

        def register(run: Run) -> Run:
            # Typer keeps the line breaks of all paragraphs but the first.
            paragraphs = inspect.cleandoc(run.__doc__ or "").split("\n\n")
            text = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
            shown = "\n\n".join(("Examples:", *(f"  {example}" for example in examples)))
            return self.command(name, cls=_Command, help=text, epilog=shown)(run)

        return register
