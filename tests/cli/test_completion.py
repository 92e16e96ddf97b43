"""Tab completion: as a shell asks for it, and without starting a database."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ledger.app import open_application
from ledger.storage.embedded import running_url
from tests.cli.commands import run_process

SHELL = "import sys\nsys.argv[0] = 'artledger'"


def complete(line: str, **env: str) -> list[str]:
    """What Tab offers at the end of a command line."""
    words = line.split(" ")
    asked = {
        "_ARTLEDGER_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": f"{len(words) - 1}",
    }
    ended = run_process(env={**asked, "_TYPER_COMPLETE_ARGS": line, **env}, prelude=SHELL)
    assert ended.code == 0, ended.stderr
    assert not ended.stderr
    return [each for each in ended.stdout.splitlines() if each]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("artledger ver", ["verify"]),
        ("artledger artist w", ["works", "withdraw"]),
        ("artledger claim file co", ["copies-work"]),
        ("artledger accounts create Ada --role a", ["artist", "auditor", "administrator"]),
        ("artledger accounts token Ada --scope ver", ["verifications"]),
        ("artledger verify --fail", ["--fail-on"]),
        ("artledger verify --fail-on not", ["not-comparable"]),
        ("artledger corpus optout add --reason ", ["operator", "legal"]),
    ],
)
def test_commands_options_and_choices(line: str, offered: list[str]) -> None:
    assert complete(line) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(shell: str) -> None:
    ended = run_process(
        "--show-completion", shell, env={"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}, prelude=SHELL
    )
    assert ended.code == 0
    assert "_ARTLEDGER_COMPLETE" in ended.stdout


def test_names_of_the_database_that_runs(database_url: str, tmp_path: Path) -> None:
    env = {"ARTLEDGER_DATABASE_URL": database_url, "ARTLEDGER_DATA_DIR": str(tmp_path)}
    made = run_process("artist", "register", "Ada Example (née B.)", "--json", env=env)
    assert made.code == 0, made.stderr
    assert complete("artledger artist works Ad", **env) == ["Ada_Example__née_B._"]
    assert complete("artledger accounts show Ad", **env) == ["Ada_Example__née_B._"]
    artist_id = made.json["artist_id"]
    assert complete(f"artledger claim list --by {artist_id[:9]}", **env) == [artist_id]
    taken = run_process("artist", "works", "ada_Example__née_b._", "--json", env=env)
    assert (taken.code, taken.json["works"]) == (0, [])
    assert f"artist: Ada Example (née B.) ({artist_id})" in taken.stderr


def test_names_of_the_embedded_database_while_it_runs(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    env = {"ARTLEDGER_DATA_DIR": str(folder)}
    with open_application(data_dir=folder) as application:
        application.people.accounts.create("artist", "Ada")
        assert complete("artledger artist works A", **env) == ["Ada"]
        assert running_url(folder) is not None
    deadline = time.monotonic() + 30
    while running_url(folder) is not None:
        assert time.monotonic() < deadline, "the server has no user, and stops"
        time.sleep(0.1)
    assert complete("artledger artist works A", **env) == []
    assert running_url(folder) is None, "completion starts no server"


def test_tab_makes_no_data_folder(tmp_path: Path) -> None:
    env = {"ARTLEDGER_DATA_DIR": str(tmp_path / "data")}
    assert complete("artledger artist works A", **env) == []
    assert not (tmp_path / "data").exists()
    unreachable = {**env, "ARTLEDGER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    assert complete("artledger artist works A", **unreachable) == []
