"""Every block of code in the documents is checked, or says why it is not run.

What a block needs, by its language:

- `sh`: each line is an `artledger` command, whose name, arguments and options the real command line takes apart.
  A block with other commands says `<!-- not run: REASON -->`; its `artledger` lines are taken apart all the same.
- `python`: it is run in an empty folder, or says `<!-- not run: REASON -->` (then it is compiled).
- `toml`, `json`: it is read.
- `text`: what a program prints; nothing to run.
- any other language says `<!-- not run: REASON -->`.

`<!-- run by: tests/FILE.py -->` names a test that runs the block instead. The comment stands directly above the block.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from cli.command_line import build
from tests.docs.documents import ROOT, Block, blocks, documents
from tools.docs.commands import commands

NOT_RUN, RUN_BY = "not run", "run by"
BLOCKS = [block for document in documents() for block in blocks(document)]
_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")
_ENDS = {"&&", "||", ";", "|", ">", ">>", "2>", "<", "&"}


def shell_commands(text: str) -> Iterator[list[str]]:
    """The simple commands of shell lines as words, without assignments before them, redirections and comments."""
    for line in text.replace("\\\n", " ").splitlines():
        command: list[str] = []
        skip = False
        for word in [*_words(line), ";"]:
            if word in _ENDS:
                if command:
                    yield command
                command, skip = ([], word in (">", ">>", "2>", "<"))
            elif skip:
                skip = False
            elif command or not _ASSIGNMENT.match(word):
                command.append(word)


def _words(line: str) -> list[str]:
    reader = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    reader.whitespace_split = True
    reader.commenters = "#"
    return list(reader)


@cache
def _command_line() -> Any:
    return get_command(build())


def take_apart(words: list[str]) -> None:
    """Raises what the command line raises where it does not know a command or an option, or misses an argument."""
    group = _command_line()
    path, rest, command = "artledger", words[1:], group
    while hasattr(command, "commands"):
        name = rest[0] if rest else ""
        assert name in command.commands, f"{path} has no command {name!r}"
        path, rest, command = f"{path} {name}", rest[1:], command.commands[name]
    with typer.Context(command, info_name=path) as context:
        command.parse_args(context, list(rest))


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.where)
def test_block(block: Block, tmp_path: Path) -> None:
    reason, test = block.marker(NOT_RUN), block.marker(RUN_BY)
    assert reason is None or len(reason.split()) > 2, f"{block.where}: say why it is not run"
    if test is not None:
        assert (ROOT / test.partition("::")[0]).is_file(), f"{block.where}: there is no {test}"
    marked = reason is not None or test is not None
    match block.language:
        case "sh":
            _shell(block, marked)
        case "python":
            compile(block.text, block.where, "exec")
            if not marked:
                _run(block, tmp_path)
        case "toml":
            assert tomllib.loads(block.text)
        case "json":
            assert json.loads(block.text)
        case "text":
            pass
        case language:
            assert marked, f"{block.where}: a block of {language or 'no language'} says why it is not run"


def _shell(block: Block, marked: bool) -> None:
    for words in shell_commands(block.text):
        if words[0] == "artledger" or words[0].endswith("/artledger"):
            try:
                take_apart(words)
            except typer.TyperException as error:
                pytest.fail(f"{block.where}: {shlex.join(words)}: {error.format_message()}")
        else:
            assert marked, f"{block.where}: {words[0]} is not artledger: say why the block is not run"


def _run(block: Block, folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ARTLEDGER_DATA_DIR": str(folder / "data")}
    done = subprocess.run(
        [sys.executable, "-c", block.text], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{block.where}\n{done.stderr[-4000:]}"


@pytest.mark.parametrize("example", [example for command in commands() for example in command.examples])
def test_examples_of_the_help(example: str) -> None:
    for words in shell_commands(example):
        if words[0] == "artledger":
            take_apart(words)


@pytest.mark.parametrize(
    "line",
    ["artledger corpus eat", "artledger verify --no-such-option a.png", "artledger keys revoke", "artledger"],
)
def test_what_the_command_line_does_not_take_is_found(line: str) -> None:
    with pytest.raises((AssertionError, typer.TyperException)):
        take_apart(line.split())


def test_a_shell_line_is_taken_apart() -> None:
    line = "A=1 artledger verify 'a b.png' --json > answer.json && artledger serve --port 80  # a comment | no"
    assert list(shell_commands(line)) == [
        ["artledger", "verify", "a b.png", "--json"],
        ["artledger", "serve", "--port", "80"],
    ]
