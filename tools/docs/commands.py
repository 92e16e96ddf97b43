"""Reference of the command line: every command with its arguments, options and examples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer
from typer.main import get_command

from cli.command_line import build
from cli.ui.invocation import EVERYWHERE
from tools.docs.markdown import code, paragraphs, table


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the command line; `parsed` is what Typer made of it."""

    path: tuple[str, ...]
    parsed: Any

    @property
    def name(self) -> str:
        return " ".join(self.path)

    @property
    def summary(self) -> str:
        """The first sentence or paragraph of its help."""
        return " ".join(self.parsed.help.partition("\n\n")[0].split())

    @property
    def shown(self) -> str:
        """The name with the arguments."""
        return " ".join((*self.path, *(_argument(each) for each in self.arguments)))

    @property
    def examples(self) -> tuple[str, ...]:
        lines = (line.strip() for line in (self.parsed.epilog or "").splitlines()[1:])
        return tuple(line for line in lines if line)

    @property
    def arguments(self) -> list[Any]:
        return [each for each in self.parsed.params if each.param_type_name == "argument"]

    @property
    def options(self) -> list[Any]:
        return [each for each in self.parsed.params if each.param_type_name == "option" and not each.hidden]


def commands() -> list[Command]:
    """Every command, in the order of `--help`."""
    return list(_walk(get_command(build()), ("artledger",)))


def render() -> str:
    """The list of all commands, the options that they share, and a section for each."""
    everything = commands()
    overview = table(
        ("Command", "What it does"), ((f"[`{each.shown}`](#{_anchor(each)})", each.summary) for each in everything)
    )
    shared = [option for option in everything[0].options if option.rich_help_panel == EVERYWHERE]
    return paragraphs(
        (
            "## All commands",
            overview,
            "## Options of every command",
            "These stand before or after the command's name.",
            _options(everything[0], shared),
            *(_section(each) for each in everything),
        )
    )


def _section(command: Command) -> str:
    help_text = [" ".join(paragraph.split()) for paragraph in command.parsed.help.split("\n\n")]
    own = [option for option in command.options if option.rich_help_panel != EVERYWHERE]
    arguments = table(
        ("Argument", "Meaning"), ((f"`{_argument(each)}`", _plain(each.help or "")) for each in command.arguments)
    )
    return paragraphs(
        (
            f"## {command.name} {{#{_anchor(command)}}}",
            *map(_plain, help_text),
            code(f"{command.shown}{' [OPTIONS]' if own else ''}"),
            arguments,
            _options(command, own),
            "Examples:" if command.examples else "",
            code("\n".join(command.examples), "sh") if command.examples else "",
        )
    )


def _options(command: Command, options: list[Any]) -> str:
    context = typer.Context(command.parsed)
    records = (option.get_help_record(context) for option in options)
    return table(("Option", "Meaning"), ((f"`{_plain(names)}`", _plain(meaning)) for names, meaning in records))


def _anchor(command: Command) -> str:
    return "-".join(command.path)


def _argument(parameter: Any) -> str:
    name: str = parameter.metavar or parameter.name.upper()
    return f"{name}..." if parameter.nargs == -1 else name


def _plain(text: str) -> str:
    """Without the escapes of Rich's markup."""
    return text.replace("\\[", "[")


def _walk(parsed: Any, path: tuple[str, ...]) -> Iterator[Command]:
    children = getattr(parsed, "commands", None)
    if not children:
        yield Command(path, parsed)
        return
    for name, child in children.items():
        yield from _walk(child, (*path, name))
