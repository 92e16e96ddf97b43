"""The README's tables of commands and settings, made from the code: `python -m tests.cli.readme` prints them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from cli.main import build
from ledger import settings
from ledger.settings import Settings


def command_rows() -> Iterator[str]:
    """One row for each command, in the order of `--help`."""
    yield "| Command | What it does |"
    yield "|---|---|"
    for path, command in _leaves(get_command(build()), ("artledger",)):
        arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
        shown = " ".join((*path, *(_argument(parameter) for parameter in arguments)))
        sentence = " ".join(command.help.partition("\n\n")[0].split())
        yield f"| `{_cell(shown)}` | {_cell(sentence)} |"


def setting_rows() -> Iterator[str]:
    """One row for each setting, in the order of the class."""
    explained = _explanations()
    yield "| Setting | Default | What it is |"
    yield "|---|---|---|"
    for name, field in Settings.model_fields.items():
        default = "" if field.default_factory or field.default is None else f"{field.default}"
        yield f"| `ARTLEDGER_{name.upper()}` | {default} | {_cell(explained[name])} |"


def _leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    children = getattr(command, "commands", None)
    if not children:
        yield path, command
        return
    for name, child in children.items():
        yield from _leaves(child, (*path, name))


def _argument(parameter: Any) -> str:
    name: str = parameter.metavar or parameter.name.upper()
    return f"{name}..." if parameter.nargs == -1 else name


def _explanations() -> dict[str, str]:
    """The string below each field of Settings."""
    [cls] = [node for node in ast.parse(inspect.getsource(settings)).body if isinstance(node, ast.ClassDef)]
    found: dict[str, str] = {}
    for field, text in zip(cls.body, cls.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            found[ast.unparse(field.target)] = " ".join(ast.literal_eval(text.value).split())
    return found


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(*command_rows(), "", *setting_rows(), sep="\n")
