"""The options that stand everywhere, usage errors, and help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from cli.command_line import build
from tests.cli.commands import Commands

SHARED = {"--data", "--json", "--quiet", "--debug"}


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, (*path, name))


ALL = dict(_commands(get_command(build())))
LEAVES = {path: command for path, command in ALL.items() if not getattr(command, "commands", None)}
COMMANDS = {
    "demo",
    "serve",
    "verify",
    "generate",
    "lookup",
    "corpus ingest",
    "corpus refresh",
    "corpus stats",
    "corpus report",
    "corpus calibrate",
    "corpus dedup",
    "corpus optout add",
    "corpus optout show",
    "corpus optout remove",
    "artist list",
    "artist works",
    "artist register",
    "artist add",
    "artist consent",
    "artist withdraw",
    "artist erase",
    "claim file",
    "claim show",
    "claim list",
    "claim respond",
    "claim resolve",
    "claim review",
    "artist uses",
    "artist usage",
    "audit bundle",
    "audit record",
    "audit log",
    "audit reveal",
    "audit claim",
    "audit usage",
    "db upgrade",
    "db rebuild",
    "db check",
    "db restore",
    "keys show",
    "keys rotate",
    "keys add",
    "keys revoke",
    "keys new",
    "keys announce",
    "keys sign",
    "accounts create",
    "accounts adopt",
    "accounts show",
    "accounts token",
    "accounts revoke",
    "accounts disable",
    "train artist",
    "train studio",
    "train null-set",
    "train style-null",
    "evaluate artists",
    "evaluate claims",
    "evaluate copies",
    "evaluate calibration",
    "evaluate subjects",
}


def test_the_commands_are_these() -> None:
    assert {" ".join(path) for path in LEAVES} == COMMANDS


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_shared_options_are_everywhere(path: tuple[str, ...]) -> None:
    assert {option for parameter in ALL[path].params for option in parameter.opts} >= SHARED


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_has_a_sentence_and_examples(path: tuple[str, ...], artledger: Commands) -> None:
    helped = artledger(*path, "--help")
    assert helped.code == 0
    assert LEAVES[path].help.partition("\n\n")[0].endswith(".")
    assert f"artledger {' '.join(path)}" in helped.stdout.partition("Examples:")[2]


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    assert [parameter.name for parameter in LEAVES[path].params if not getattr(parameter, "help", "-")] == []


@pytest.mark.parametrize(
    "line",
    [
        ["--json", "lookup", "nothing"],
        ["lookup", "--json", "nothing"],
        ["lookup", "nothing", "--json"],
    ],
)
def test_options_stand_before_or_after(line: list[str], artledger: Commands) -> None:
    ended = artledger(*line)
    assert ended.code == 2
    assert ended.json["error"]["code"] == "lookup-argument"


def test_options_stand_after_a_noun_too(artledger: Commands) -> None:
    ended = artledger("audit", "--json", "bundle", "nothing", "--key", "x")
    assert ended.code == 3
    assert ended.json["error"]["code"] == "no-such-file"


def test_version(artledger: Commands) -> None:
    printed = artledger("--version").stdout
    assert re.fullmatch(r"artledger \d.*\n", printed)
    assert artledger("--version", "--json").json == {"version": printed.removeprefix("artledger ").rstrip()}


@pytest.mark.parametrize("line", [[], ["db"], ["corpus"], ["audit"]])
def test_a_bare_noun_shows_its_help(line: list[str], artledger: Commands) -> None:
    ended = artledger(*line)
    assert ended.code == 2
    assert "Commands" in ended.stdout
    assert "error" not in ended.stderr


@pytest.mark.parametrize(
    "line",
    [
        ["lookup"],
        ["nonsense"],
        ["lookup", "x", "--nonsense"],
        ["verify", "x.png", "--top-k", "0"],
        ["verify", "x.png", "--top-k", "101"],
        ["verify", "x.png", "--fail-on", "maybe"],
        ["audit", "bundle", "x"],
        ["serve", "--port", "70000"],
    ],
    ids=" ".join,
)
def test_usage_errors_exit_2(line: list[str], artledger: Commands) -> None:
    ended = artledger(*line)
    assert ended.code == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: ")
    assert "--help` shows how to use it" in ended.stderr
    in_json = artledger(*line, "--json")
    assert in_json.code == 2
    assert in_json.json["error"]["code"] == "usage"
